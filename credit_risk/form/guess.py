"""Guess what the columns of an unknown file of loans hold."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from credit_risk.errors import DataError
from credit_risk.form.fields import LARGEST, plain, split_unit

MISSING: Final = {"", "na", "n/a", "nan", "null", "?", ".", "-", "--", "k.a.", "missing"}
NUMBER: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
COMMA: Final = r"[+-]?\d+,\d+"
IN_DOUBT: Final = r"[+-]?[1-9]\d{0,2},\d{3}"  # 1,234: of a thousand, or of one
THOUSANDS: Final = r"[+-]?\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?"
DATE: Final = r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})(?:[T ].*)?"
CODE: Final = r"0\d+"
CODES: Final = r"9+[6-9]|-(?:[1-9]|9+[6-9])"
FAR: Final = 2
"""How many times as large as all others a code is, at least."""
IDS: Final = re.compile(r"id|number|nr|no\b", re.IGNORECASE)
MOST_WORDS: Final = 30
"""Of a category; a column with more different texts is left out."""
MARKERS: Final = (3, 0.9)
"""Texts among numbers that are taken for markers of a missing one, at most; numbers, at least."""


@dataclass(frozen=True)
class Column:
    """A column of the file.

    Attributes:
        name: in the header.
        known: texts that are not missing, without the unit of numbers.
        missing: different texts of what is missing, sorted.
        unit: sign beside the numbers, such as ``€``.
        rows: of the file.
    """

    name: str
    known: tuple[str, ...]
    missing: tuple[str, ...]
    unit: str
    rows: int

    @classmethod
    def of(cls, name: str, cells: Sequence[str]) -> "Column":
        """Look at the cells of a column."""
        split = [split_unit(cell) for cell in cells]
        units = {unit for _, unit in split if unit}
        unit = units.pop() if len(units) == 1 else ""
        if unit:
            cells = [number for number, _ in split]
        missing = {cell for cell in cells if cell.lower() in MISSING}
        known = [cell for cell in cells if cell not in missing]
        others = {cell for cell in known if not _match(f"{NUMBER}|{COMMA}", cell)}
        numbers = sum(cell not in others for cell in known)
        most, least = MARKERS
        if others and len(others) <= most and numbers >= least * len(known):
            missing |= others
            known = [cell for cell in known if cell not in others]
        return cls(name, tuple(known), tuple(sorted(missing)), unit, len(cells))

    def are(self, pattern: str) -> bool:
        """Tell whether every known text has a form."""
        return all(_match(pattern, each) for each in self.known)

    @property
    def words(self) -> Counter[str]:
        """How often each known text occurs."""
        return Counter(self.known)

    @property
    def numbers(self) -> list[float]:
        """The known numbers, in order; empty where they are none, or codes such as ``01067``."""
        if any(_match(CODE, each) for each in self.known) or not self.are(f"{NUMBER}|{COMMA}"):
            return []
        return [float(each.replace(",", ".")) for each in self.known]

    def useless(self, *, commas: bool) -> str:
        """Say why no field can be made of it; empty if one can.

        Args:
            commas: whether a comma in a number of the file is a decimal one.
        """
        words, first = self.words, (self.known or ("",))[0][:40]
        if len(words) < 2:  # noqa: PLR2004  one value says nothing
            return f"{len(words)} different values"
        if self.are(DATE):
            return f"dates, such as {first!r}; a number can say it, such as the days since then"
        odd = next((each for each in self.known if not _match(f"{NUMBER}|{COMMA}", each)), "")
        if odd and self.are(f"{NUMBER}|{COMMA}|{THOUSANDS}"):
            return f"numbers with a separator of thousands, such as {odd!r}; write them without it"
        if self.numbers:
            return self._useless_numbers(commas=commas)
        if len(words) > MOST_WORDS:
            return f"{len(words)} different texts, such as {first!r}"
        return ""

    def _useless_numbers(self, *, commas: bool) -> str:
        numbers = self.numbers
        if not commas and (comma := next((each for each in self.known if "," in each), "")):
            return (
                f"numbers such as {comma!r}, whose comma may be that of a thousand; write all "
                "numbers of the file with a decimal point"
            )
        whole = all(number == round(number) for number in numbers)
        if whole and len(set(numbers)) == self.rows:
            rising = all(a < b for a, b in pairwise(numbers))
            if rising or IDS.search(self.name):
                return "a number of each row, it seems"
        return f"numbers above {plain(LARGEST)}" if max(map(abs, numbers)) > LARGEST else ""


def has_decimal_commas(columns: Iterable[Column]) -> bool:
    """Tell whether commas in numbers are decimal ones, as the reader of the file will."""
    every = {each for column in columns if column.numbers for each in column.known}
    points = any("." in each for each in every)
    return not points and any(_match(COMMA, e) and not _match(IN_DOUBT, e) for e in every)


def find_codes(numbers: Iterable[float]) -> list[float]:
    """Find a few numbers far from all others that look like codes of a missing one: 98, 999, -1."""
    distinct = sorted(set(numbers))
    looks = [number for number in distinct if _match(CODES, plain(number))]
    rest = [number for number in distinct if number not in looks]
    if not rest:
        return []
    low, high = min(0, rest[0]), FAR * max(rest[-1], 1)
    far = [number for number in looks if number > high or number < low == 0]
    return far if len(far) <= MARKERS[0] else []


def read_columns(path: Path) -> tuple[list[Column], int]:
    """Read a CSV file of unknown columns; return them and the number of rows.

    Raises:
        DataError: if it cannot be read, or is no table.
    """
    header, rows = _read(path)
    cells = zip(*([cell.strip() for cell in row] for row in rows), strict=True)
    return [Column.of(name, of) for name, of in zip(header, cells, strict=True)], len(rows)


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    expected = "expected CSV with a header and rows below it; save another format as CSV"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(str(path), f"found {error.strerror}, expected a CSV file") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    text = re.sub(r"\A(?:\s*sep=.\s*)?\s*", "", text)
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    if len(rows) < 2 or len(rows[0]) < 2 or "\0" in first:  # noqa: PLR2004  a header, a row; two columns
        raise DataError(path.name, f"found no table, {expected}")
    header = [name.strip() for name in rows[0]]
    lowered = [name.lower() for name in header if name]
    if twice := [name for name in lowered if lowered.count(name) > 1]:
        problem = f"found the column {twice[0]!r} twice, expected each name once; rename one"
        raise DataError(path.name, problem)
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            problem = f"found {len(row)} cells, expected {len(header)}"
            raise DataError(path.name, problem, row=number)
    return header, rows[1:]


def _match(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None
