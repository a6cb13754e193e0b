"""The former name of ``credit_risk.decision_log``, for the commands that people know."""
