"""Text in columns: which encoding, which separator, and the cells as they are written."""

import csv
import re
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv

SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MARKS: Final = {  # byte order marks; that of UTF-32 begins with that of UTF-16
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}
CONTROL: Final = re.compile(r"[\0-\x08\x0e-\x1f]")  # in no text; tabs and line ends are
HEAD: Final = 10_000  # characters that are looked at
BLANK_LINES: Final = re.compile(r"\A(?:[ \t]*[\r\n]+)+")
HINT: Final = re.compile(r"\Asep=(.)[\r\n]+", re.IGNORECASE)  # Excel's, in front of the header


@dataclass(frozen=True, eq=False)  # no ==: tables do not compare to one truth value
class Delimited:
    """A table of text.

    Attributes:
        table: a pyarrow table of text.
        ragged: rows of another length than the header's: pyarrow's descriptions of them.
        notes: encoding and separator, for a person to read, where they are not the usual ones.
    """

    table: Any
    ragged: tuple[Any, ...]
    notes: tuple[str, ...]


def read_delimited(content: bytes, columns: frozenset[str]) -> Delimited:
    """Read text in columns.

    Args:
        content: of the file.
        columns: names in lower case by which the header, and so the separator, is known.

    Raises:
        ValueError: if it is no text in columns; the message says what it is.
    """
    text, encoding = _decode(content)
    text = BLANK_LINES.sub("", text)
    hint = HINT.match(text)
    text = text[hint.end() :] if hint else text
    if "\n" not in text:
        text = text.replace("\r", "\n")
    header = (text[:HEAD].splitlines() or [""])[0]
    separator = _separator(header, columns)
    ragged: list[Any] = []

    def keep(row: Any) -> str:  # noqa: ANN401  pyarrow is untyped
        ragged.append(row)
        return "skip"

    names = next(csv.reader([header], delimiter=separator), [])
    table = pa.csv.read_csv(
        pa.BufferReader(text.encode()),
        read_options=pa.csv.ReadOptions(use_threads=False),  # threads lose the row numbers
        parse_options=pa.csv.ParseOptions(delimiter=separator, invalid_row_handler=keep),
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    notes = (encoding, SEPARATORS[separator] if separator != "," else "")
    return Delimited(table, tuple(ragged), tuple(filter(None, notes)))


def _decode(content: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding, which is empty for UTF-8."""
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "")
    if not encoding and content[:4].count(0) == 2:  # noqa: PLR2004  two ASCII characters
        encoding = "utf-16-le" if content[1] == 0 else "utf-16-be"
    for each in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            text = content.decode(each)
        except UnicodeDecodeError:
            continue
        if not CONTROL.search(text):
            unusual = {"utf-16": "UTF-16", "utf-32": "UTF-32", "cp1252": "Latin-1"}
            return text, unusual.get(each.removesuffix("-le").removesuffix("-be"), "")
    msg = "binary data"
    raise ValueError(msg)


def _separator(header: str, columns: frozenset[str]) -> str:
    """Return what separates the most names that are known in the header, a comma if none does."""
    if not header:
        msg = "an empty file"
        raise ValueError(msg)
    if header.startswith("<"):
        msg = "a web page"
        raise ValueError(msg)
    if header.startswith(("{", "[")):
        msg = "JSON"
        raise ValueError(msg)

    def known(cells: list[str]) -> int:
        return len({cell.strip(" \"'").lower() for cell in cells} & columns)

    counts = {each: known(header.split(each)) for each in SEPARATORS}
    if max(counts.values()) <= 1 < known(header.split()):
        msg = "cells with blanks between them, whose number may differ"
        raise ValueError(msg)
    return max(counts, key=lambda each: counts[each])
