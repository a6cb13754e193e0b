"""A file of outcomes: what became of loans, each by the id of its decision or by its reference.

::

    id,outcome,date
    0198f2f4-3c5e-7bd0-a1f3-6d0a6c1c2d11,repaid,2026-05-31
    0198f2f4-3c5e-7bd0-a1f3-6d0a6c1c2d12/0,default,2026-04-30

A line that cannot be used is refused with its number, and the others are read.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from credit_risk.errors import DataError
from credit_risk.form import REFERENCE, Outcome

IDS: Final = ("id", "decision_id", REFERENCE)
"""Columns by which a decision is found; the first that is there."""
OVERRIDE: Final = "override"
EXPECTED: Final = f"a header with {', '.join(IDS[:-1])} or {IDS[-1]}, and with outcome and date"


class Became(NamedTuple):
    """What became of a loan.

    Attributes:
        line: of the file.
        defaulted: None while that is not known.
        date: on which it was known.
        override: decision of a person, where the policy's was another; empty without one.
    """

    line: int
    defaulted: bool | None
    date: date
    override: str


@dataclass
class OutcomeFile:
    """What a file of outcomes says.

    Attributes:
        by_reference: whether loans are named by the lender's own reference, not by the id.
        became: by id or reference.
        refused: each line that cannot be used, and why.
    """

    by_reference: bool
    became: dict[str, Became] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def refuse(self, line: int, problem: str) -> None:
        """Refuse a line."""
        self.refused.append(f"line {line}: {problem}")


def read_outcomes(path: Path, outcome: Outcome) -> OutcomeFile:
    """Read a CSV file of outcomes, in UTF-8, with commas or semicolons.

    Args:
        path: of the file.
        outcome: of the form; its codes are understood beside ``default`` and ``repaid``.

    Raises:
        DataError: if it is no such file.
    """
    meanings = _meanings(outcome)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            comma = ";" if header.count(";") > header.count(",") else ","
            names = [name.strip().lower() for name in next(csv.reader([header], delimiter=comma))]
            key = next((name for name in IDS if name in names), None)
            if key is None or not {"outcome", "date"} <= set(names):
                raise DataError(path.name, f"found the header {header.strip()[:100]!r}, {_SAID}")
            found = OutcomeFile(by_reference=key == REFERENCE)
            for line, row in _rows(file, names, comma):
                _take(found, line, row, key, meanings)
    except (OSError, UnicodeDecodeError, csv.Error, StopIteration) as error:
        problem = getattr(error, "strerror", None) or f"found no CSV in UTF-8 ({error})"
        raise DataError(path.name, f"{problem}, {_SAID}") from None
    return found


_SAID: Final = f"expected {EXPECTED}"


def _rows(
    file: Iterator[str], names: list[str], comma: str
) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(file, delimiter=comma)
    for cells in reader:
        if any(cells):
            padded = [each.strip() for each in cells] + [""] * (len(names) - len(cells))
            yield reader.line_num + 1, dict(zip(names, padded, strict=False))


def _take(
    found: OutcomeFile, line: int, row: dict[str, str], key: str, meanings: dict[str, bool | None]
) -> None:
    name, word = row[key], row["outcome"]
    try:
        known = date.fromisoformat(row["date"][:10])
    except ValueError:
        found.refuse(line, f"found the date {row['date'][:40]!r}, expected one such as 2026-05-31")
        return
    if not name:
        found.refuse(line, f"found no {key}, expected that of a decision")
    elif word.lower() not in meanings:
        said = ", ".join(code for code in meanings if code)
        found.refuse(line, f"found the outcome {word[:40]!r}, expected one of {said}")
    elif earlier := found.became.get(name):
        found.refuse(line, f"found {name[:100]} again, expected it once: line {earlier.line}")
    else:
        meant = meanings[word.lower()]
        found.became[name] = Became(line, meant, known, row.get(OVERRIDE, ""))


def _meanings(outcome: Outcome) -> dict[str, bool | None]:
    """Return what each word means: True for a default, None for what is not known yet."""
    meanings: dict[str, bool | None] = {"default": True, "repaid": False}
    every: Any = (
        (outcome.default, True),
        (outcome.repaid, False),
        (outcome.unknown, None),
    )
    for codes, meant in every:  # codes are texts by now
        meanings |= {str(code).lower(): meant for code in codes}
    return meanings
