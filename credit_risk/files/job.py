"""Score a whole file: part by part from the source, through the scorer, into the table."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from credit_risk.errors import DataError, UsageError
from credit_risk.files.parts import Part, Source
from credit_risk.files.scoring import ANSWER, BatchScorer, find_columns
from credit_risk.files.writing import make_writer, published

LINE = "line"

Progress = Callable[[float, int], None]
"""Is told the share of the input that is done, 0 to 1, and the rows."""


@dataclass
class Summary:
    """What became of the rows of a file.

    Attributes:
        rows: of the file.
        outcomes: number of rows by outcome of the policy.
        refused: number of rows by the first field that was wrong; ``row`` of those that are no
            row of the table.
    """

    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, answers: pa.RecordBatch) -> None:
        """Count the answers of a part."""
        self.rows += answers.num_rows
        counted = pc.value_counts(answers.column("status").drop_null()).to_pylist()
        self.outcomes.update({each["values"]: each["counts"] for each in counted})
        errors = answers.column("error").drop_null().to_pylist()
        self.refused.update(error.partition(":")[0] for error in errors)


@dataclass(frozen=True)
class Scored:
    """How parts of one file are scored; works on any part alone, in any process.

    Attributes:
        score: of record batches.
        columns: of the file, by field.
        kept: columns of the file that the table of answers has.
    """

    score: BatchScorer
    columns: Mapping[str, str | None]
    kept: Sequence[str]

    @classmethod
    def of(cls, source: Source, score: BatchScorer, keep: str = "all") -> Self:
        """Find the columns of a file; ``keep`` as ``kept_columns``.

        Raises:
            DataError: if the file lacks a column.
            UsageError: if what is to be kept makes no sense.
        """
        columns = find_columns(score.form, source.labels, source.name)
        return cls(score, columns, kept_columns(source.labels, keep))

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


def score_file(
    source: Source,
    table: Path,
    step: Scored,
    *,
    force: bool = False,
    progress: Progress = lambda _share, _rows: None,
) -> Summary:
    """Score a file and write the table of answers.

    Args:
        source: the file.
        table: to write; its ending says which format.
        step: makes the answers to a part.
        force: whether a table that is there is replaced.
        progress: is told of each part.

    Raises:
        DataError: if the file cannot be read, or has no rows.
        UsageError: if the table cannot be written so.
    """
    summary = Summary()
    with published(table, force=force) as unfinished, ExitStack() as opened:
        writer = None
        for part in source.parts():
            answers = step(part)
            if writer is None:
                writer = opened.enter_context(make_writer(unfinished, table, answers.schema))
            writer.write_batch(answers)
            summary.add(answers)
            progress(part.read, summary.rows)
        if writer is None:
            raise DataError(source.name, "found no rows, expected one at least")
    return summary
