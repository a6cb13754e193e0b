"""What the entries of a log have in common: the model that decides, its policy, the libraries."""

import platform
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import bentoml

from credit_risk.decisions.hiding import Hiding
from credit_risk.schema import ModelCard
from credit_risk.stored_model import REPORT

__all__ = ["LIBRARIES", "header", "installed_versions", "model_hash"]

LIBRARIES: Final = ("bentoml", "numpy", "pydantic", "scikit-learn", "xgboost")

APART: Final = ("model.yaml", REPORT)
"""Files of a stored model that do not decide: what an import writes anew, and the report."""


def header(stored: bentoml.Model, card: ModelCard, hiding: Hiding) -> dict[str, Any]:
    """What goes into the first line of each file."""
    return {
        "model": card.model,
        "model_sha256": model_hash(Path(stored.path)),
        "policy": card.policy.model_dump(),
        "versions": installed_versions(),
        "left_out": hiding.leave_out,
        "hashed": hiding.hash,
    }


def model_hash(folder: Path) -> str:
    """SHA-256 over names and contents of the files that make a stored model what it is."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in APART)
    found = sha256()
    for path in files:
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def installed_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that have a part in a decision."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
