"""Scoring of files: the service's own answers for a table of applications."""

from credit_risk.files.columns import ColumnReader
from credit_risk.files.job import Scored
from credit_risk.files.manifest import (
    Decided,
    FileHash,
    Manifest,
    ModelHash,
    Named,
    Summary,
    manifest_of,
    read_record,
)
from credit_risk.files.remote import ServiceScorer
from credit_risk.files.run import Run
from credit_risk.files.scoring import ANSWER, BatchScorer, ReasonsAs, columns_of, find_columns
from credit_risk.files.tables import open_source
from credit_risk.files.verifying import Proof
from credit_risk.files.writing import check_format

__all__ = [
    "ANSWER",
    "BatchScorer",
    "ColumnReader",
    "Decided",
    "FileHash",
    "Manifest",
    "ModelHash",
    "Named",
    "Proof",
    "ReasonsAs",
    "Run",
    "Scored",
    "ServiceScorer",
    "Summary",
    "check_format",
    "columns_of",
    "find_columns",
    "manifest_of",
    "open_source",
    "read_record",
]
