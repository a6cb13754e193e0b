"""Tables: rows as CSV, and in the layout in which pandas splits a DataFrame.

A table names its columns once. Each of its rows stands for the object that a JSON list would have
in its place, and is validated by the same model. Text becomes a number as in JSON: the nearest
float64.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import islice, repeat
from typing import Any, Final, NoReturn, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, from_json

from lean_bento.codecs.duplicate_keys import duplicate_keys
from lean_bento.error_response import echo

CSV: Final = "text/csv"

ROWS_IN_A_PART: Final = 2000
"""Rows that are read or written in one turn: some ten milliseconds."""

SPLIT: Final = {"columns", "data"}
"""Keys of a DataFrame in the layout ``split``; its ``index`` is allowed and has no meaning here."""

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run."""

NUMBERS: Final = {int, float, type(None)}

TRUTH: Final = {"true": True, "false": False}

Row = dict[str, Any] | ValidationError
"""Fields of a row, not validated yet, or why it has none."""


def harmless(text: str) -> str:
    """Put an apostrophe in front of a text that a spreadsheet would run."""
    return f"'{text}" if text.startswith(FORMULA) else text


def problem(title: str, sentence: str, **found: object) -> ValidationError:
    """Make the error of a whole body or of a row; braces in the sentence stand for ``found``."""
    kind = PydanticCustomError("table", sentence, found)
    return ValidationError.from_exception_data(
        title, [InitErrorDetails(type=kind, loc=(), input=None)]
    )


def read_split(body: bytes, model: type[BaseModel]) -> Iterator[Row] | None:
    """Read the rows of a DataFrame that was written with ``orient="split"``.

    Args:
        body: JSON.
        model: of a row.

    Returns:
        None if it is anything else.

    Raises:
        ValueError: if it is no JSON.
        ValidationError: if it is a DataFrame, and its parts do not fit.
    """
    if body.lstrip()[:1] != b"{":
        return None
    table = from_json(body)
    if not table.keys() >= SPLIT or table.keys() - SPLIT - {"index"}:
        return None
    columns, data = table["columns"], table["data"]
    # Each colon belongs to one key, unless a text has one: only then is it read again.
    is_split = body.count(b":") == len(table) or not duplicate_keys(body)
    if not (is_split and isinstance(columns, list) and isinstance(data, list)):
        sentence = "This has the keys of a DataFrame, expected columns and data, one list each"
        raise problem(model.__name__, sentence)
    names = [name if isinstance(name, str) else json.dumps(name) for name in columns]
    check_header(names, model)
    return (_row(names, cells, model) for cells in data)


def read_csv(body: bytes, model: type[BaseModel]) -> Iterator[tuple[list[int], list[Row]]]:
    """Read the rows of a CSV document, some at a time, with the line where each begins.

    Cells are separated by commas, semicolons or tabs, as in the header; a decimal has a point. An
    empty cell is null. A line without cells is no row.

    Raises:
        ValidationError: if it is not CSV in UTF-8, or its header does not fit.
    """
    title = model.__name__
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sentence = "The body is not UTF-8 at byte {place}, expected CSV in that encoding"
        raise problem(title, sentence, place=error.start) from None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = _numbered(reader, title)
    _, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    check_header(names, model)
    converters = [_converters(model)[name] for name in names]
    while part := list(islice(rows, ROWS_IN_A_PART)):
        lines = [line for line, _ in part]
        yield lines, _convert(names, converters, [cells for _, cells in part], model)


def check_header(names: Sequence[str], model: type[BaseModel]) -> None:
    """Check that a header names each field once, in any order; optional ones may be left out.

    Raises:
        ValidationError: names the column.
    """
    fields = model.model_fields
    expected = ", ".join(fields)
    sentence = "The header {found}, expected the columns {expected}, in any order"

    def refuse(found: str) -> NoReturn:
        raise problem(model.__name__, sentence, found=found, expected=expected)

    if twice := [name for name, times in Counter(names).items() if times > 1]:
        refuse(f"has {echo(twice[0])} more than once")
    if unknown := [name for name in names if name not in fields]:
        refuse(f"has {echo(unknown[0]) or 'a column without a name'}")
    if lacking := [n for n, field in fields.items() if field.is_required() and n not in names]:
        refuse(f"has no {', '.join(lacking)}")


def _row(names: Sequence[str], cells: object, model: type[BaseModel]) -> Row:
    if not isinstance(cells, list):
        return problem(model.__name__, "This row is no list, expected its cells")
    if len(cells) != len(names):
        sentence = "This row has {found} cells, expected {expected}: one for each column"
        return problem(model.__name__, sentence, found=len(cells), expected=len(names))
    return dict(zip(names, cells, strict=True))


def _numbered(reader: Any, title: str) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401  csv has no name for its readers
    """Number each row by the line where it begins; an empty line is none."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            sentence = "Line {line} cannot be read as CSV: {error}"
            raise problem(title, sentence, line=line, error=str(error)) from None
        if cells:
            yield line, cells


def _convert(
    names: list[str],
    converters: list["Converter"],
    rows: list[list[str]],
    model: type[BaseModel],
) -> list[Row]:
    """Convert rows column by column, which takes a third of the time."""
    whole = [cells for cells in rows if len(cells) == len(names)]
    if not whole:
        return [_row(names, cells, model) for cells in rows]
    columns = [
        convert(cells) for convert, cells in zip(converters, zip(*whole, strict=True), strict=True)
    ]
    converted = map(dict, map(zip, repeat(names), zip(*columns, strict=True)))
    if len(whole) == len(rows):
        return list(converted)
    return [
        next(converted) if len(cells) == len(names) else _row(names, cells, model) for cells in rows
    ]


Converter = Callable[[Sequence[str]], list[Any]]
"""Makes values of the cells of a column."""


def _numbers(cells: Sequence[str]) -> list[Any]:
    text = ",".join(cells)
    if "n" not in text:  # as in null, which nobody writes into a cell
        if "" in cells:
            text = ",".join([cell or "null" for cell in cells])
        with suppress(ValueError):
            found: list[Any] = from_json(f"[{text}]", allow_inf_nan=False)
            # A cell with a comma has two; only a text, a list or an object takes two cells as one.
            if len(found) == len(cells) and NUMBERS.issuperset(map(type, found)):
                return found
    return [_number(cell) for cell in cells]


def _number(cell: str) -> float | str | None:
    """Read a number; text that is none stays as it is, for the model to refuse."""
    with suppress(ValueError):
        if type(found := from_json(cell, allow_inf_nan=False)) in (int, float):
            return cast("float", found)
    return cell or None


def _truths(cells: Sequence[str]) -> list[Any]:
    return [TRUTH.get(cell.strip().lower(), cell or None) for cell in cells]


def _texts(cells: Sequence[str]) -> list[Any]:
    return [cell or None for cell in cells]


@cache
def _converters(model: type[BaseModel]) -> dict[str, Converter]:
    """Find out by the model's JSON schema of what type each column is."""
    by_type = {"number": _numbers, "integer": _numbers, "boolean": _truths}
    found: dict[str, Converter] = {}
    for name, schema in model.model_json_schema()["properties"].items():
        types = [each.get("type") for each in (schema, *schema.get("anyOf", ()))]
        found[name] = next((by_type[each] for each in types if each in by_type), _texts)
    return found
