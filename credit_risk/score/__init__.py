"""The command that scores a file: ``python -m credit_risk.score --help``."""
