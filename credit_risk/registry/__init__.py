"""The registry: models in the BentoML store, their cards, and the checks before one is served."""

from credit_risk.registry.model_card import Columns, Data, ModelCard, ModelDescription, Thresholds
from credit_risk.registry.restricted_pickle import VECTORIZER
from credit_risk.registry.store import CreditRiskModel, attach_report, model_tag, save
from credit_risk.registry.stored_model import StoredModel, installed_versions, load_checked

__all__ = [
    "VECTORIZER",
    "Columns",
    "CreditRiskModel",
    "Data",
    "ModelCard",
    "ModelDescription",
    "StoredModel",
    "Thresholds",
    "attach_report",
    "installed_versions",
    "load_checked",
    "model_tag",
    "save",
]
