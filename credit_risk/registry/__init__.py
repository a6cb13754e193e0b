"""The registry: models in the BentoML store, their cards, and the checks before one is served."""

from credit_risk.registry.model_card import Columns, Data, ModelCard, ModelDescription, Thresholds
from credit_risk.registry.restricted_pickle import VECTORIZER
from credit_risk.registry.store import MODEL_NAME, CreditRiskModel, model_tag
from credit_risk.registry.stored_model import (
    BOOSTER,
    REPORT,
    StoredModel,
    hash_files,
    installed_versions,
    load_checked,
)

__all__ = [
    "BOOSTER",
    "MODEL_NAME",
    "REPORT",
    "VECTORIZER",
    "Columns",
    "CreditRiskModel",
    "Data",
    "ModelCard",
    "ModelDescription",
    "StoredModel",
    "Thresholds",
    "hash_files",
    "installed_versions",
    "load_checked",
    "model_tag",
]
