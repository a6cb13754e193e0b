"""The command that watches drift and outcomes: ``python -m credit_risk.monitor --help``."""
