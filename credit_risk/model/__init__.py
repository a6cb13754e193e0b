"""The model: encoded applications in, probability of default and contributions out."""

from credit_risk.model.arrays import EncodedApplications, check_rows
from credit_risk.model.booster import LibraryError
from credit_risk.model.encoding import Encoder, Rows, fingerprint
from credit_risk.model.features import (
    DERIVED,
    Derived,
    FeatureBuilder,
    inputs_without,
    source_fields,
)
from credit_risk.model.monotonicity import broken_constraint, constraints
from credit_risk.model.risk_model import Probabilities, RiskModel
from credit_risk.model.tree_shap import Contributions
from credit_risk.model.trees import Forest

__all__ = [
    "DERIVED",
    "Contributions",
    "Derived",
    "EncodedApplications",
    "Encoder",
    "FeatureBuilder",
    "Forest",
    "LibraryError",
    "Probabilities",
    "RiskModel",
    "Rows",
    "broken_constraint",
    "check_rows",
    "constraints",
    "fingerprint",
    "inputs_without",
    "source_fields",
]
