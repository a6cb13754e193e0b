"""Monitoring: what later applications and decisions are compared with."""

from credit_risk.monitoring.reference import (
    REFERENCE,
    NumberCounts,
    Reference,
    WordCounts,
    make_reference,
    read_reference,
)

__all__ = [
    "REFERENCE",
    "NumberCounts",
    "Reference",
    "WordCounts",
    "make_reference",
    "read_reference",
]
