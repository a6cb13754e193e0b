"""The decision log: durable before an answer leaves; see docs/decision_log.md.

``python -m credit_risk.decision_log --help`` lists the commands.
"""

from credit_risk.decision_log.recorder import ABOUT_DECISION_ID, DECISION_ID, Recorder
from credit_risk.decision_log.settings import DECISIONS, DecisionLogSettings, read_log_settings

__all__ = [
    "ABOUT_DECISION_ID",
    "DECISIONS",
    "DECISION_ID",
    "DecisionLogSettings",
    "Recorder",
    "read_log_settings",
]
