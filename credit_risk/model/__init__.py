"""The model: encoded applications in, probability of default and contributions out."""

from credit_risk.model.arrays import EncodedApplications, RowReader, encoded_applications
from credit_risk.model.booster import LibraryError
from credit_risk.model.column_encoding import ColumnEncoder
from credit_risk.model.encoding import Encoder, Rows, check_columns, fingerprint
from credit_risk.model.monotonicity import broken_constraint
from credit_risk.model.risk_model import FeatureBuilder, Probabilities, RiskModel
from credit_risk.model.tree_shap import Contributions
from credit_risk.model.trees import Forest, names_in_trees

__all__ = [
    "ColumnEncoder",
    "Contributions",
    "EncodedApplications",
    "Encoder",
    "FeatureBuilder",
    "Forest",
    "LibraryError",
    "Probabilities",
    "RiskModel",
    "RowReader",
    "Rows",
    "broken_constraint",
    "check_columns",
    "encoded_applications",
    "fingerprint",
    "names_in_trees",
]
