"""Scoring of files: the service's own answers for a table of applications."""

from credit_risk.files.columns import ColumnReader
from credit_risk.files.job import Scored, Summary, score_file
from credit_risk.files.scoring import ANSWER, BatchScorer, find_columns
from credit_risk.files.tables import open_source
from credit_risk.files.writing import check_format

__all__ = [
    "ANSWER",
    "BatchScorer",
    "ColumnReader",
    "Scored",
    "Summary",
    "check_format",
    "find_columns",
    "open_source",
    "score_file",
]
