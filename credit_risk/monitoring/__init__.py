"""Monitoring: what later applications and decisions are compared with."""

from credit_risk.monitoring.bins import DECISION, Bins, FieldBins
from credit_risk.monitoring.metrics import DecisionMetrics
from credit_risk.monitoring.psi import (
    FEWEST,
    LEVEL,
    PAGE,
    WARN,
    chi_square_quantile,
    critical_value,
    holm,
    p_value,
    psi,
)
from credit_risk.monitoring.reference import (
    REFERENCE,
    NumberCounts,
    Reference,
    WordCounts,
    make_reference,
    read_reference,
)
from credit_risk.monitoring.series import publish_reference

__all__ = [
    "DECISION",
    "FEWEST",
    "LEVEL",
    "PAGE",
    "REFERENCE",
    "WARN",
    "Bins",
    "DecisionMetrics",
    "FieldBins",
    "NumberCounts",
    "Reference",
    "WordCounts",
    "chi_square_quantile",
    "critical_value",
    "holm",
    "make_reference",
    "p_value",
    "psi",
    "publish_reference",
    "read_reference",
]
