"""Pages for people: one HTML file that needs nothing else."""

from credit_risk.pages.page import fill

__all__ = ["fill"]
