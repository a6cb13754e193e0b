"""The model that a command compares with: its reference, its card and its form."""

from collections.abc import Iterable

import bentoml
from bentoml.exceptions import BentoMLException

from audit_log import Fields
from credit_risk.errors import ModelRefusedError, UsageError
from credit_risk.registry import ModelCard, StoredModel, load_checked


def newest_of(headers: Iterable[Fields]) -> str:
    """Return the tag of the model that a log's newest file names."""
    return str(max(headers, key=lambda header: str(header["begun"]))["model"])


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
