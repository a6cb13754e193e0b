"""The model that a command compares with: its reference, its card and its form."""

from collections.abc import Sequence
from pathlib import Path

import bentoml
from bentoml.exceptions import BentoMLException

from audit_log import Fields, checked_content, read_headers
from credit_risk.decision_log import DECISIONS
from credit_risk.errors import ModelRefusedError, UsageError
from credit_risk.registry import ModelCard, StoredModel, load_checked


def headers_of(log: Path) -> list[Fields]:
    """Read the headers of a log's files.

    Raises:
        BrokenLogError: if one is not as it was written.
        NoLogError: if there is no log.
        UsageError: if nothing is in it.
    """
    headers, errors = read_headers(DECISIONS.files_at(log))
    if errors:
        raise errors[0]
    if not headers:
        msg = f"{log.name[:100]}: found a log without decisions, expected some"
        raise UsageError(msg)
    return [*headers.values()]


def newest_of(headers: Sequence[Fields]) -> str:
    """Return the tag of the model that a log's newest file names."""
    newest = max(headers, key=lambda header: str(header["begun"]))
    with checked_content(newest, DECISIONS):
        return str(newest["model"])


def load_model(tag: str, digest: str | None = None) -> StoredModel:
    """Load what the store has of a model.

    Args:
        tag: of the model.
        digest: SHA-256 of the one that decided; None for any.

    Raises:
        UsageError: if the store has not that one.
        ModelRefusedError: if it does not fit this code.
    """
    fix = "put it there: bentoml models import"
    try:
        stored = load_checked(bentoml.models.get(tag), may_be_comparison=True)
    except ModelRefusedError:
        raise
    except BentoMLException:
        msg = f"{tag[:100]}: found no such model in the store, expected the one that decided; {fix}"
        raise UsageError(msg) from None
    if digest not in {None, stored.digest}:
        found = "found another model of that tag in the store"
        msg = f"{tag[:100]}: {found}, expected the one that decided; {fix}"
        raise UsageError(msg)
    return stored


def has_own_policy(header: Fields, card: ModelCard) -> bool:
    """Tell whether the policy stored with a model decided on what stands below a header."""
    own = card.policy.sha256
    return bool((header.get("policy") or {}).get("sha256", own) == own)
