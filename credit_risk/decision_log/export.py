"""A log as one table, for analysts: a row a decision, a column a field.

An encoded row becomes the fields that it encodes; a field that is hidden is empty; of the reasons
the table has the codes, strongest first. Files of other forms have their own fields, and nothing in
the others. The table is for nobody else to read, as the log is.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from audit_log import Fields, Progress, checked_content, read_entries, read_headers
from credit_risk.decision_log.settings import DECISIONS
from credit_risk.errors import DataError
from credit_risk.form import OWN_FORM, REFERENCE, load_form

FORMATS: Final = (".parquet", ".csv")
"""What a table's name may end in."""


def export(path: Path, table: Path, progress: Progress = lambda _: None) -> int:
    """Write the decisions of a file, or of all files of a folder, and count them.

    A table that was there is replaced once the new one is complete.

    Raises:
        BrokenLogError: at the first line that is not as it was written.
        NoLogError: if there is no log.
        DataError: if the table's name does not end in one of ``FORMATS``, or pyarrow is missing.
    """
    if table.suffix not in FORMATS:
        raise DataError(table.name[:100], f"expected a name that ends in {' or '.join(FORMATS)}")
    try:
        import pyarrow as pa  # noqa: PLC0415  not among what serves
        from pyarrow import csv, parquet  # noqa: PLC0415  as above
    except ImportError:
        msg = "writing it needs pyarrow, which is not installed; run: pip install pyarrow"
        raise DataError(table.name, msg) from None
    text, number = pa.string(), pa.float64()
    columns = {"id": text, "decided_at": pa.timestamp("us", "UTC"), "key": text}
    columns[REFERENCE] = text
    kinds = _kinds(read_headers(DECISIONS.files_at(path))[0].values())
    columns |= {name: number if kind == "number" else text for name, kind in kinds.items()}
    columns |= {"probability": number, "status": text, "reasons": text}
    columns |= dict.fromkeys(("form", "model", "model_sha256", "row_sha256"), text)
    schema = pa.schema(columns)
    writer = parquet.ParquetWriter if table.suffix == ".parquet" else csv.CSVWriter
    unfinished = table.with_name(f".{table.name}.{os.getpid()}")
    rows = 0
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with (
            os.fdopen(os.open(unfinished, flags, 0o600), "wb") as private,
            writer(private, schema) as file,
        ):
            for header, decisions in read_entries(path, DECISIONS, progress):
                with checked_content(header, DECISIONS):
                    rows_of = list(_rows(header, decisions, kinds))
                    part = pa.Table.from_pylist(rows_of, schema)
                file.write_table(part)
                rows += len(decisions)
        unfinished.replace(table)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _form_of(header: Fields) -> Fields:
    """Return the form of a file's decisions; files of before there were several have no name."""
    form: Fields = header["form"] if "form" in header else load_form(OWN_FORM).data
    return form


def _kinds(headers: Iterable[Fields]) -> dict[str, str]:
    """Return the fields of all forms of a log: ``number``, or ``text`` of anything else."""
    kinds: dict[str, str] = {}
    for header in headers:
        with checked_content(header, DECISIONS):
            for field in _form_of(header)["fields"]:
                name, kind = field["name"], field["kind"]
                kind = kind if kind == kinds.get(name, kind) == "number" else "text"
                kinds[name] = kind
    # Numbers first: in the table as in an encoded row.
    return dict(sorted(kinds.items(), key=lambda item: item[1] != "number"))


def _rows(
    header: Fields, decisions: list[Fields], kinds: dict[str, str]
) -> Iterator[dict[str, Any]]:
    hidden = {*header["left_out"], *header["hashed"]}
    form = _form_of(header)
    names = {field["name"] for field in form["fields"]} - hidden
    for decision in decisions:
        fields = decision.get("application") or _decode(form["columns"], decision["row"])
        reasons = decision["reasons"]
        yield {
            **{name: _cell(fields[name], kinds[name]) for name in names},
            **{name: decision[name] for name in ("id", "key", "probability", "status")},
            "decided_at": datetime.fromisoformat(decision["decided_at"]),
            REFERENCE: fields.get(REFERENCE),
            "reasons": None if reasons is None else " ".join(each["code"] for each in reasons),
            "row_sha256": decision["row_sha256"],
            "form": form["name"],
            "model": header["model"],
            "model_sha256": header["model_sha256"],
        }


def _cell(value: Any, kind: str) -> Any:  # noqa: ANN401  of its field
    if kind == "number" or value is None or isinstance(value, str):
        return value
    return {True: "yes", False: "no"}.get(value, str(value))


def _decode(columns: list[str], row: list[float | None]) -> dict[str, Any]:
    """Return the fields that an encoded row stands for."""
    fields: dict[str, Any] = {}
    for column, value in zip(columns, row, strict=True):
        name, _, word = column.partition("=")
        if not word:
            fields[name] = value
        elif value or name not in fields:
            fields[name] = word if value else None
    return fields
