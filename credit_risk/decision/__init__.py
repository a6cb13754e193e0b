"""The decision: policy, reasons, and the whole path of an application."""

from credit_risk.decision.assessment import ArrayAssessment, Assessment, AssessmentBatch, Reason
from credit_risk.decision.policy import MONOTONICITY, PROHIBITED_FIELDS, STANDARD_POLICY, Policy
from credit_risk.decision.reasons import MAX_REASONS, REASON_CODES, ReasonCode, Reasons
from credit_risk.decision.scorer import Explain, Fields, Predict, Scorer

__all__ = [
    "MAX_REASONS",
    "MONOTONICITY",
    "PROHIBITED_FIELDS",
    "REASON_CODES",
    "STANDARD_POLICY",
    "ArrayAssessment",
    "Assessment",
    "AssessmentBatch",
    "Explain",
    "Fields",
    "Policy",
    "Predict",
    "Reason",
    "ReasonCode",
    "Reasons",
    "Scorer",
]
