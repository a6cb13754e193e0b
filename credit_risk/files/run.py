"""Score a whole file: its parts, here or in processes, and then the table of all answers."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from credit_risk.errors import DataError, UsageError
from credit_risk.files.cluster import Cluster
from credit_risk.files.job import Keeper, Scored
from credit_risk.files.manifest import (
    Basis,
    Decided,
    FileHash,
    Manifest,
    Options,
    PartRecord,
    Summary,
    manifest_of,
    read_record,
)
from credit_risk.files.parts import BEGINNING, Part, Place, Source
from credit_risk.files.scoring import BatchScorer
from credit_risk.files.unfinished import (
    assemble,
    folder_of,
    kept_parts,
    remove,
    unfinished,
    write_whole,
)
from credit_risk.files.workers import Workers
from credit_risk.files.writing import check_cells, published, refuse_existing

Progress = Callable[[float, int], None]
"""Is told the share of the input that is done, 0 to 1, and the rows."""


@dataclass(frozen=True)
class Run:
    """A file to score, and the table of its answers.

    Attributes:
        path: of the file.
        source: the file.
        step: makes the answers to a part.
        decided: by which model, form and policy.
        table: to write; its ending says which format.
        force: whether a table that is there is replaced, or a run on another basis given up.
        progress: is told of each part.
        workers: processes, each with a scorer that ``recipe`` makes; 1 for this process alone.
        dask: address of a scheduler, whose workers score instead.
        recipe: makes what ``step`` scores with; can be pickled.
    """

    path: Path
    source: Source
    step: Scored
    decided: Decided
    table: Path
    force: bool = False
    progress: Progress = lambda _share, _rows: None
    workers: int = 1
    dask: str | None = None
    recipe: Callable[[], BatchScorer] | None = None

    def __call__(self) -> Summary:
        """Score the file; goes on where a run on the same basis was stopped.

        Raises:
            DataError: if the file cannot be read, has no rows, or changes meanwhile.
            UsageError: if the table cannot be written so.
        """
        if self.table.exists() and self.table.samefile(self.path):
            msg = f"{self.table.name}: found the file that is scored, expected another name"
            raise UsageError(msg)
        stopped = folder_of(self.table).exists()
        if not stopped:
            refuse_existing(self.table, force=self.force)
            refuse_existing(manifest_of(self.table), force=self.force)
        seen = self._state()
        basis = self._basis()
        if stopped and (done := self._published(basis)):
            remove(folder_of(self.table))
            return done.counts
        refuse_existing(self.table, force=self.force)
        with unfinished(self.table, basis, force=self.force) as folder:
            parts = self._score(folder)
            if self._state() != seen:
                problem = "found that it changed while it was read, expected a file at rest"
                raise DataError(self.source.name, f"{problem}; run with --force to begin anew")
            if not parts:
                raise DataError(self.source.name, "found no rows, expected one at least")
            counts = self._publish(folder, basis, parts)
            remove(folder)
        return counts

    def _score(self, folder: Path) -> dict[int, PartRecord]:
        """Score the parts that are not done; returns all."""
        done = kept_parts(folder)
        first = next(number for number in range(len(done) + 1) if number not in done)
        start = done[first - 1].end if first else BEGINNING
        parts = self._parts(start, done)
        found, share = dict(done), 0.0
        rows = sum(record.counts.rows for record in done.values())
        for record in self._perform(folder)(parts):
            found[record.number] = record
            rows += record.counts.rows
            while first in found:  # processes may end a later part before an earlier one
                share = max(share, found[first].read)
                first += 1
            self.progress(share, rows)
        return found

    def _parts(self, start: Place, done: Mapping[int, PartRecord]) -> Iterator[Part]:
        """Read the parts that are not done."""
        for part in self.source.parts(start):
            if part.number not in done:
                if part.number == 0:
                    check_cells(self.table, part.cells.select(list(self.step.kept)))
                yield part

    def _perform(self, folder: Path) -> Callable[[Iterable[Part]], Iterator[PartRecord]]:
        if self.recipe is None or not (self.dask or self.workers > 1):
            return partial(map, Keeper(self.step, folder))
        columns, kept = self.step.columns, self.step.kept
        prepare = partial(_keeper, self.recipe, columns, kept, folder.absolute())
        return Cluster(self.dask, prepare) if self.dask else Workers(self.workers, prepare)

    def _publish(self, folder: Path, basis: Basis, parts: dict[int, PartRecord]) -> Summary:
        """Write the table and its manifest; the table appears last."""
        counts, records = Summary(), [parts[number] for number in range(len(parts))]
        for record in records:
            counts.add(record.counts)
        whole = folder / "whole"
        with published(self.table, whole, force=self.force):
            assemble(folder, records, whole, self.table)
            manifest = Manifest(
                input_path=os.path.relpath(self.path, self.table.parent),
                basis=basis,
                output=FileHash.of(whole),
                counts=counts,
                parts=records,
            )
            content = manifest.model_dump_json(indent=1).encode()
            write_whole(manifest_of(self.table), content, folder)
        return counts

    def _state(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def _basis(self) -> Basis:
        options = Options(
            format=self.table.suffix,
            keep=list(self.step.kept),
            reasons=self.step.score.reasons,
            language=self.step.score.language,
            part=self.source.size,
        )
        return Basis(input=FileHash.of(self.path), decided=self.decided, options=options)

    def _published(self, basis: Basis) -> Manifest | None:
        """Find the manifest of a run that was stopped after its table was published."""
        try:
            manifest = read_record(manifest_of(self.table), Manifest)
        except DataError:
            return None
        there = self.table.exists() and FileHash.of(self.table) == manifest.output
        return manifest if there and manifest.basis == basis else None


def _keeper(
    recipe: Callable[[], BatchScorer],
    columns: Mapping[str, str | None],
    kept: Sequence[str],
    folder: Path,
) -> Keeper:
    return Keeper(Scored(recipe(), columns, kept), folder)
