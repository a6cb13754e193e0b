"""How any part of one file is scored and kept, alone and in any process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa

from credit_risk.errors import UsageError
from credit_risk.files.manifest import PartRecord
from credit_risk.files.parts import Part, Source
from credit_risk.files.remote import ServiceScorer
from credit_risk.files.scoring import ANSWER, BatchScorer, find_columns
from credit_risk.files.unfinished import keep_part

LINE = "line"


@dataclass(frozen=True)
class Scored:
    """How parts of one file are scored; works on any part alone, in any process.

    Attributes:
        score: of record batches.
        columns: of the file, by field.
        kept: columns of the file that the table of answers has.
    """

    score: BatchScorer | ServiceScorer
    columns: Mapping[str, str | None]
    kept: Sequence[str]

    @classmethod
    def of(cls, source: Source, score: BatchScorer | ServiceScorer, keep: str = "all") -> Self:
        """Find the columns of a file; ``keep`` as ``kept_columns``.

        Raises:
            DataError: if the file lacks a column.
            UsageError: if what is to be kept makes no sense.
        """
        columns = find_columns(score.form, source.labels, source.name)
        return cls(score, columns, kept_columns(source.labels, keep))

    @property
    def names(self) -> set[str]:
        """Columns of the table, in lower case."""
        return {name.lower() for name in (*self.kept, *ANSWER.names, LINE)}

    def __call__(self, part: Part) -> pa.RecordBatch:
        """Return the rows of the table of answers."""
        answers = self.score(part.cells, self.columns, part.refused)
        kept = {name: part.cells.column(name) for name in self.kept}
        lines = {LINE: pa.array(part.lines, pa.int64())}
        found = dict(zip(answers.schema.names, answers.columns, strict=True))
        return pa.RecordBatch.from_pydict({**kept, **found, **lines})


def kept_columns(labels: Sequence[str], keep: str) -> list[str]:
    """Return which columns of a file its answers have beside them.

    Args:
        labels: of the file.
        keep: ``all``, ``none``, or names with commas between them.

    Raises:
        UsageError: if there is no such column, or it has the name of an answer's.
    """
    asked = [] if keep == "none" else [each.strip() for each in keep.split(",")]
    kept = list(labels) if keep == "all" else list(dict.fromkeys(asked))
    if odd := [name for name in kept if name not in labels]:
        found = f"--keep: found {odd[0][:100]!r}"
        msg = f"{found}, expected all, none, or columns of the file, with commas"
        raise UsageError(msg)
    if taken := [name for name in kept if name in {*ANSWER.names, LINE}]:
        found = f"found the column {taken[0]!r} in the file, which answers have too"
        msg = f"{found}; keep others with --keep"
        raise UsageError(msg)
    return kept


@dataclass(frozen=True)
class Keeper:
    """Scores parts and keeps their answers in a folder.

    Attributes:
        step: makes the answers to a part.
        folder: of the parts.
    """

    step: Scored
    folder: Path

    def __call__(self, part: Part) -> PartRecord:
        """Score a part, and return what was kept."""
        return keep_part(self.folder, part, self.step(part))
