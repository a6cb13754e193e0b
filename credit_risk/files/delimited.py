"""CSV in parts: pieces of bytes that end where a row does."""

import codecs
import csv
import re
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from os import SEEK_CUR
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from credit_risk.errors import DataError
from credit_risk.files.parts import BEGINNING, Part, Place

SEPARATORS: Final = (",", ";", "\t", "|")
PART: Final = 2**20
"""Bytes of a part, at most, unless one row is longer."""
LONGEST: Final = 64 * 2**20
"""Bytes in which a row must end."""
GZIP: Final = b"\x1f\x8b"
WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
HINT: Final = re.compile(rb"sep=(.)\s*", re.IGNORECASE)
"""What Excel writes in front of a header."""


class DelimitedFile:
    """Text in columns, in UTF-8 or UTF-16, plain or compressed with gzip."""

    def __init__(self, path: Path, known: Collection[str], size: int = PART) -> None:
        """Read the header.

        Args:
            path: of the file.
            known: names in lower case by which the header, and so the separator, is known.
            size: bytes of a part, at most, unless one row is longer.

        Raises:
            DataError: if there is no header, or a name stands in it twice.
        """
        self.name = path.name
        self._path = path
        self.size = size
        with path.open("rb") as raw, self._whole(), self._decoded(raw) as file:
            before, line = _header(file)
        if not line:
            raise DataError(self.name, "found an empty file, expected a header and rows")
        head = b"".join((*before, line))
        self._first = Place(0, len(head), head.count(b"\n") + 1)
        hints = [found[1].decode("latin-1") for found in map(HINT.fullmatch, before) if found]
        header = self._text(line)
        several = hints or SEPARATORS
        self._separator = max(several, key=lambda each: _known(header, each, known))
        self.labels = _cells(header, self._separator)
        if twice := [label for label in self.labels if self.labels.count(label) > 1]:
            raise DataError(self.name, f"found the column {twice[0][:100]!r} twice, expected once")

    def parts(self, start: Place = BEGINNING) -> Iterator[Part]:
        """Read the rows below the header, or from where another part ends.

        Raises:
            DataError: if it is no text in UTF-8, or a quote does not end.
        """
        whole = self._path.stat().st_size
        place = start if start.number else self._first
        with self._path.open("rb") as raw, self._decoded(raw) as file:
            for piece in self._pieces(file, place.offset):
                rows, refused = self._rows_of(piece, place.line)
                lines = place.line + self._beginnings(piece, rows.num_rows, place.line)
                line = place.line + piece.count(b"\n")
                end = Place(place.number + 1, place.offset + len(piece), line)
                read = min(raw.tell() / whole, 1.0)
                yield Part(place.number, end, rows, lines, read, refused)
                place = end

    def _decoded(self, raw: BinaryIO) -> BinaryIO:
        """Return UTF-8 of a file, without a byte order mark."""
        start = raw.read(2)
        raw.seek(0)
        file = cast("BinaryIO", GzipFile(fileobj=raw)) if start == GZIP else raw
        start = file.read(3)
        file.seek(0)
        if start[:2] in WIDE:
            return cast("BinaryIO", codecs.EncodedFile(file, "utf-8", "utf-16"))
        if start == codecs.BOM_UTF8:
            file.read(3)
        return file

    def _pieces(self, file: BinaryIO, offset: int) -> Iterator[bytes]:
        """Cut a file into pieces that end with a row; where one ends depends on its begin alone."""
        with self._whole():
            rest = _beyond(file, offset)
        size = self.size
        while True:
            with self._whole():
                while len(rest) < size and (block := file.read(size - len(rest))):
                    rest += block
            end = _end_of_rows(rest[:size]) if len(rest) >= size else len(rest)
            if not end and size > LONGEST:
                problem = f"found no end of a row in {LONGEST:,} bytes, expected an end of a quote"
                raise DataError(self.name, problem)
            if end:
                yield rest[:end]
            elif not rest:
                return
            rest, size = rest[end:], self.size if end else 2 * size

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Say in one sentence that a file is not whole."""
        try:
            yield
        except (EOFError, UnicodeError, BadGzipFile, zlib.error) as error:
            problem = f"found {error}, expected a whole file of text"
            raise DataError(self.name, problem) from None

    def _rows_of(self, piece: bytes, line: int) -> tuple[pa.RecordBatch, dict[int, str]]:
        ragged: dict[int, str] = {}

        def keep(row: Any) -> str:  # noqa: ANN401  pyarrow is untyped
            expected = row.expected_columns
            ragged[row.number - 1] = f"row: found {row.actual_columns} cells; expected {expected}"
            return "skip"

        text = pa.string()
        if not piece.strip():
            return pa.RecordBatch.from_pylist([], pa.schema(dict.fromkeys(self.labels, text))), {}
        self._check_text(piece, line)
        try:
            table = pa.csv.read_csv(
                pa.BufferReader(piece),
                read_options=pa.csv.ReadOptions(
                    use_threads=False,  # threads lose the numbers of rows
                    column_names=self.labels,
                    block_size=len(piece) + 1,
                ),
                parse_options=pa.csv.ParseOptions(
                    delimiter=self._separator, newlines_in_values=True, invalid_row_handler=keep
                ),
                convert_options=pa.csv.ConvertOptions(
                    check_utf8=False, column_types=dict.fromkeys(self.labels, text)
                ),
            )
        except pa.ArrowInvalid as error:
            problem = f"found {str(error)[:100]}, expected rows of text in UTF-8"
            raise DataError(self.name, f"from line {line}: {problem}") from None
        if ragged:
            count = table.num_rows + len(ragged)
            good = np.ones(count, dtype=bool)
            good[list(ragged)] = False
            table = table.take(pa.array(np.cumsum(good) - 1, mask=~good))
        return table.combine_chunks().to_batches()[0], ragged

    def _beginnings(self, piece: bytes, count: int, first: int) -> NDArray[np.int64]:
        """Return for each row of a piece how many line ends are before it."""
        found = _line_ends_before_rows(piece, count)
        if len(found) != count:
            rows = f"found {count:,} rows on {len(found):,} lines, expected as many"
            problem = "without a quote inside a cell or a carriage return alone"
            raise DataError(self.name, f"from line {first}: {rows}, {problem}")
        return found

    def _check_text(self, piece: bytes, line: int) -> None:
        """Refuse what is not UTF-8; pyarrow would print a trace where a row is odd, too."""
        try:
            if not piece.isascii():
                piece.decode()
        except UnicodeDecodeError as error:
            line += piece.count(b"\n", 0, error.start)
            problem = "found bytes that are not UTF-8, expected text in UTF-8"
            raise DataError(self.name, f"line {line}: {problem}") from None

    def _text(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            problem = "found bytes that are not UTF-8 in the header, expected text in UTF-8"
            raise DataError(self.name, problem) from None


def _header(file: BinaryIO) -> tuple[list[bytes], bytes]:
    """Read up to the first row that is no blank line and no hint; return what is before, and it."""
    before: list[bytes] = []
    while row := file.readline(LONGEST):
        while row.count(b'"') % 2 and (line := file.readline(LONGEST)):
            row += line
        if row.strip() and not HINT.fullmatch(row):
            return before, row
        before.append(row)
    return before, b""


def _beyond(file: BinaryIO, offset: int) -> bytes:
    """Go to a place of a text; returns what had to be read beyond it."""
    if not isinstance(file, codecs.StreamRecoder):
        file.seek(offset, SEEK_CUR)
        return b""
    read = b""
    while offset >= len(read):
        offset -= len(read)
        read = file.read(PART)
        if not read:
            return b""
    return read[offset:]


def _cells(row: str, separator: str) -> list[str]:
    return next(csv.reader(row.splitlines(keepends=True), delimiter=separator), [])


def _known(header: str, separator: str, known: Collection[str]) -> int:
    return len({cell.strip().lower() for cell in _cells(header, separator)} & set(known))


def _end_of_rows(piece: bytes) -> int:
    """Find where the last whole row ends: behind a line end with pairs of quotes before it."""
    end = piece.rfind(b"\n") + 1
    quotes = piece.count(b'"', 0, end)
    while end and quotes % 2:
        before = piece.rfind(b"\n", 0, end - 1) + 1
        quotes -= piece.count(b'"', before, end)
        end = before
    return end


def _line_ends_before_rows(piece: bytes, count: int) -> NDArray[np.int64]:
    """Count the line ends before each row as quotes tell; blank lines are no rows."""
    ends = piece.count(b"\n") + (not piece.endswith(b"\n"))
    if ends == count:
        return np.arange(count)
    found, quotes, inside = [], 0, False
    for place, line in enumerate(piece.split(b"\n")):
        if not inside and line.strip(b"\r\n"):
            found.append(place)
        quotes += line.count(b'"')
        inside = quotes % 2 == 1
    return np.array(found, dtype=np.int64)
