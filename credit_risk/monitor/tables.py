"""Count the rows of a table that ``python -m credit_risk.score`` wrote."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from credit_risk.errors import DataError
from credit_risk.files import (
    ColumnReader,
    FileHash,
    Manifest,
    columns_of,
    manifest_of,
    open_source,
    read_record,
)
from credit_risk.model import ColumnEncoder, Rows
from credit_risk.monitor.counts import Counts
from credit_risk.monitoring import DECISION, Bins
from credit_risk.registry import StoredModel

NO_COLUMN: Final = "the table has no column of it; score the file again with --keep"


def read_manifest(table: Path) -> Manifest:
    """Read the manifest of a table.

    Raises:
        DataError: if there is none, or the table is not as it was written.
    """
    manifest = read_record(manifest_of(table), Manifest)
    if FileHash.of(table) != manifest.output:
        raise DataError(table.name, "found other bytes than the manifest names, expected those")
    return manifest


def count_table(
    table: Path, manifest: Manifest, stored: StoredModel, bins: Bins
) -> tuple[Counts, dict[str, str]]:
    """Count the rows of a table that were scored.

    Returns:
        The counts, and why fields are not among them.
    """
    form = stored.form
    source = open_source(table, {"status", "default_probability"})
    columns = columns_of(form, source.labels, source.name)
    why = {name: NO_COLUMN for name, column in columns.items() if column is None}
    if manifest.basis.decided.policy.sha256 != stored.card.policy.sha256:
        why[DECISION] = "another policy than the model's own decided"
    counts = Counts()
    for part in source.parts():
        cells = part.cells.filter(_scored(part.cells.column("status")))
        counts.add(
            Counts.of(
                bins,
                _encode(stored, columns, cells),
                cells.column("default_probability").cast(pa.float64()).to_numpy(),
                cells.column("status").to_pylist(),
                _codes(cells.column("reasons").to_pylist(), manifest.basis.options.reasons),
                without=why.keys(),
                mildest=stored.decider.mildest,
            )
        )
    return counts, why


def _scored(statuses: Any) -> Any:  # noqa: ANN401  pyarrow is untyped
    return pa.array([bool(each) for each in statuses.to_pylist()])


def _encode(stored: StoredModel, columns: Mapping[str, str | None], cells: pa.RecordBatch) -> Rows:
    """Encode applications; a field without a column has any valid value."""
    count, values = cells.num_rows, {}
    for name, column in columns.items():
        reader = ColumnReader(stored.form.by_name[name])
        if column is None:
            values[name] = np.full(count, reader.coded(stored.form.example[name]))
            continue
        of = cells.column(column)
        read = reader.read(of)
        for place in np.flatnonzero(~read.sure).tolist():
            read.values[place] = reader.coded(reader.value_of(of[place].as_py()))
        values[name] = read.values
    return ColumnEncoder(stored.form).encode_columns(values, count)


def _codes(cells: Sequence[str | None], how: str) -> list[list[str] | None]:
    if how == "none":
        return [None] * len(cells)
    if how == "codes":
        return [(each or "").split() for each in cells]
    return [[reason["code"] for reason in json.loads(each or "[]")] for each in cells]
