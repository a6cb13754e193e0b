"""What the entries of a log have in common: the model that decides, its policy, the libraries."""

import platform
from importlib.metadata import version
from typing import Any, Final

from credit_risk.decision_log.redaction import Redaction
from credit_risk.registry import StoredModel

__all__ = ["LIBRARIES", "header", "installed_versions"]

LIBRARIES: Final = ("bentoml", "numpy", "pydantic", "xgboost")


def header(stored: StoredModel, redaction: Redaction) -> dict[str, Any]:
    """What goes into the first line of each file."""
    return {
        "model": stored.card.model,
        "model_sha256": stored.digest,
        "policy": stored.card.policy.model_dump(),
        "versions": installed_versions(),
        "left_out": redaction.leave_out,
        "hashed": redaction.hash,
    }


def installed_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that have a part in a decision."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
