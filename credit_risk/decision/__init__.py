"""The decision: policy, reasons, and the whole path of an application."""

from credit_risk.decision.assessment import ArrayAssessment, Assessment, AssessmentBatch, Reason
from credit_risk.decision.policy import (
    STANDARD_POLICY,
    Outcome,
    Policy,
    Rule,
    make_policy,
    read_policy,
    two_lines,
)
from credit_risk.decision.reason_codes import ReasonCodes
from credit_risk.decision.reasons import MAX_REASONS, Reasons
from credit_risk.decision.scorer import Decider, Explain, Fields, Predict, Scorer

__all__ = [
    "MAX_REASONS",
    "STANDARD_POLICY",
    "ArrayAssessment",
    "Assessment",
    "AssessmentBatch",
    "Decider",
    "Explain",
    "Fields",
    "Outcome",
    "Policy",
    "Predict",
    "Reason",
    "ReasonCodes",
    "Reasons",
    "Rule",
    "Scorer",
    "make_policy",
    "read_policy",
    "two_lines",
]
