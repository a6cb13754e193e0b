"""The registry: models in the BentoML store, their cards, and the checks before one is served."""

from credit_risk.registry.golden import GOLDEN, GoldenAnswers
from credit_risk.registry.model_card import (
    Band,
    Bands,
    Columns,
    Data,
    FormPart,
    ModelCard,
    ModelDescription,
    Trained,
)
from credit_risk.registry.restricted_pickle import VECTORIZER
from credit_risk.registry.settings import (
    CLASSIFIER,
    RUNNER,
    PolicyFile,
    configured_form,
    configured_policy,
    counts_decisions,
    language_option,
    read_settings,
)
from credit_risk.registry.store import MODEL_NAME, CreditRiskModel, model_tag
from credit_risk.registry.stored_model import (
    BOOSTER,
    REPORT,
    StoredModel,
    calls_of,
    digest_of,
    hash_files,
    installed_versions,
    load_checked,
)

__all__ = [
    "BOOSTER",
    "CLASSIFIER",
    "GOLDEN",
    "MODEL_NAME",
    "REPORT",
    "RUNNER",
    "VECTORIZER",
    "Band",
    "Bands",
    "Columns",
    "CreditRiskModel",
    "Data",
    "FormPart",
    "GoldenAnswers",
    "ModelCard",
    "ModelDescription",
    "PolicyFile",
    "StoredModel",
    "Trained",
    "calls_of",
    "configured_form",
    "configured_policy",
    "counts_decisions",
    "digest_of",
    "hash_files",
    "installed_versions",
    "language_option",
    "load_checked",
    "model_tag",
    "read_settings",
]
