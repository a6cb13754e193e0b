"""Prove a table of answers: score a sample of its rows again, and compare to the last bit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from credit_risk.errors import DataError
from credit_risk.files.job import LINE, Scored
from credit_risk.files.manifest import FileHash, Manifest
from credit_risk.files.parts import Part, Source
from credit_risk.files.scoring import listed
from credit_risk.files.tables import open_source
from credit_risk.files.writing import make_writer


@dataclass(frozen=True)
class Proof:
    """What is compared.

    Attributes:
        table: of answers.
        manifest: of the table.
        source: the file that was scored.
        step: makes the answers again.
    """

    table: Path
    manifest: Manifest
    source: Source
    step: Scored

    def first_difference(self, rows: int) -> str | None:
        """Compare a random sample of rows, or each row of a table that was changed.

        Returns:
            What is different, in one sentence; None if nothing is.
        """
        same = FileHash.of(self.table) == self.manifest.output
        total = self.manifest.counts.rows
        chosen = np.arange(total)
        if same and rows < total:
            chosen = np.array(sorted(SystemRandom().sample(range(total), rows)))
        try:
            found = next(self._differences(chosen), None)
        except DataError as error:
            if same:
                raise
            return str(error)
        if same or found:
            return found
        return f"{self.table.name}: found other bytes than its manifest has, with the same answers"

    def _differences(self, chosen: np.ndarray[Any, Any]) -> Iterator[str]:
        table, begin = _Rows(open_source(self.table, self.step.names)), 0
        for part in self.source.parts():
            end = begin + part.cells.num_rows
            found = table.take(end - begin)
            if found.num_rows < end - begin:
                yield f"{self.table.name}: found {begin + found.num_rows:,} rows, expected more"
                return
            places = chosen[slice(*np.searchsorted(chosen, (begin, end)))] - begin
            if len(places):
                expected = self.step(_chosen(part, places))
                yield from self._compared(found.take(pa.array(places)), expected)
            begin = end
        if table.take(1).num_rows:
            yield f"{self.table.name}: found more rows than {begin:,}, expected no more"

    def _compared(self, found: pa.Table, answers: pa.RecordBatch) -> Iterator[str]:
        expected = answers if self.table.suffix == ".parquet" else _as_written(answers, self.table)
        if found.column_names != expected.schema.names:
            has, should = listed(found.column_names), listed(expected.schema.names)
            yield f"{self.table.name}: found the columns {has}, expected {should}"
            return
        pairs = [
            (name, found.column(name).to_pylist(), expected.column(name).to_pylist())
            for name in found.column_names
        ]
        for place, line in enumerate(answers.column(LINE).to_pylist()):
            for name, theirs, ours in pairs:
                if repr(theirs[place]) != repr(ours[place]):  # NaN is NaN, and 0 is not -0
                    row = f"the row of line {line} of {self.source.name}"
                    has, should = f"{theirs[place]!r:.200}", f"{ours[place]!r:.200}"
                    yield f"{self.table.name}: {row}: {name}: found {has}, expected {should}"


class _Rows:
    """The rows of a table, as many at once as are asked for."""

    def __init__(self, source: Source) -> None:
        self._batches = (part.cells for part in source.parts())
        self._rest = pa.table({name: pa.array([], pa.string()) for name in source.labels})

    def take(self, count: int) -> pa.Table:
        read: list[pa.RecordBatch] = self._rest.to_batches()
        rows = self._rest.num_rows
        while rows < count and (batch := next(self._batches, None)) is not None:
            read.append(batch)
            rows += batch.num_rows
        if read:
            self._rest = pa.Table.from_batches([each for each in read if each.num_rows] or read[:1])
        found, self._rest = self._rest.slice(0, count), self._rest.slice(count)
        return found


def _chosen(part: Part, places: np.ndarray[Any, Any]) -> Part:
    refused = {
        new: part.refused[old] for new, old in enumerate(places.tolist()) if old in part.refused
    }
    cells = part.cells.take(pa.array(places))
    return replace(part, cells=cells, lines=part.lines[places], refused=refused)


def _as_written(answers: pa.RecordBatch, like: Path) -> pa.RecordBatch:
    """Write answers as the table is written, and read the cells, which are text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x{like.suffix}"
        with make_writer(path, path, answers.schema) as writer:
            writer.write_batch(answers)
        names = {name.lower() for name in answers.schema.names}
        read = [part.cells for part in open_source(path, names).parts()]
    return pa.Table.from_batches(read).combine_chunks().to_batches()[0]
