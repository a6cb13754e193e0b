"""What a form is declared with: kinds of fields, derived columns, the outcome.

A field's place in the lender's file is a column with codes: numbers or texts as they stand there.
Codes are compared as text; ``1``, ``1.0`` and ``"1"`` are the same code.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import FormError

Code = str | float
"""What stands in a cell of the lender's file."""

Column = NDArray[np.floating[Any]]
"""(n,) numbers of a field, NaN where missing."""

LARGEST = 1e12
"""Of any number. float32, which the model sees, keeps 24 bits: at most one part in 16 million of a
number is lost, 32,768 of 10**12, and nothing of a whole number up to 2**24."""


MOST_SOURCES = 10
"""Fields of a derived column; the corners of so many ranges are 1,024, which are all tried."""

WAYS = (-1, 0, 1)
"""How a probability may move: never up, free, never down."""


def codes_of(codes: Code | Iterable[Code]) -> tuple[str, ...]:
    """Return codes as texts, as they are compared with cells."""
    several = [codes] if isinstance(codes, str | int | float) else list(codes)
    return tuple(plain(code) if not isinstance(code, str) else code.strip() for code in several)


def as_compared(code: Code) -> str:
    """Write a code in the one way in which codes are compared: ``1`` for ``1.0`` and ``01``."""
    code = str(code)
    try:
        return plain(float(code)) if code[:1] in "+-.0123456789" and code else code
    except ValueError:
        return code


def _number(code: Code) -> float:
    """Read a code as a number; NaN if it is none."""
    try:
        return float(code)
    except ValueError:
        return nan


def _twice(codes: Iterable[Any]) -> str | None:
    """Find a code that was there before."""
    seen: set[str] = set()
    for code in codes:
        if as_compared(code) in seen:
            return str(code)
        seen.add(as_compared(code))
    return None


def plain(number: float) -> str:
    """Write a number as a person would: ``36`` for 36.0, ``0.5``, never ``1e+16`` or ``-0``."""
    text = repr(float(number)).removesuffix(".0")
    if "e" in text:
        text = np.format_float_positional(number, trim="-")
    return "0" if text == "-0" else text


UNIT = re.compile(
    r"(?P<before>[€$£¥]|EUR|USD|GBP|CHF)?\s*(?P<number>[+-]?\d[\d.,]*)\s*"
    r"(?P<after>[€$£¥%]|EUR|USD|GBP|CHF)?"
)


def split_unit(text: str) -> tuple[str, str]:
    """Return the number and the unit of ``1200 €`` or ``$ 1200``; other text has no unit."""
    found = UNIT.fullmatch(text)
    if not found or (found["before"] and found["after"]):
        return text, ""
    return found["number"], found["before"] or found["after"] or ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of an application.

    Attributes:
        name: in requests; letters of ASCII, digits and ``_``.
        meaning: for people, without a full stop.
        example: value in the examples of requests.
        column: in the lender's file; the name, in any letter case, where it is empty.
        optional: whether it may be missing: null in a request.
        missing: codes of a missing value in the file, beside an empty cell.
        prohibited: whether no model may see it; its reason then needs no sentence.
        reason: code of the reason that it counts against the application; the name in capitals
            where it is empty.
        told: whether the applicant is told that reason; it is always for the analyst.
    """

    kind: ClassVar[str]
    coded: ClassVar[tuple[str, ...]] = ("missing",)

    name: str
    meaning: str
    example: Any
    column: str = ""
    optional: bool = False
    missing: tuple[Code, ...] = ()
    prohibited: bool = False
    reason: str = ""
    told: bool = True

    def __post_init__(self) -> None:
        """Fill in what follows from the name, make texts of all codes, refuse contradictions.

        Raises:
            FormError: names the field.
        """
        object.__setattr__(self, "column", self.column.strip() or self.name)
        object.__setattr__(self, "reason", self.reason or self.name.upper())
        for name in self.coded:
            object.__setattr__(self, name, codes_of(getattr(self, name)))
        place = f"field {self.name}"
        for found, expected in self._problems():
            raise FormError(place, found=found, expected=expected)

    @property
    def columns(self) -> tuple[str, ...]:
        """Encoded columns of the field."""
        return (self.name,)

    @property
    def directions(self) -> dict[str, int]:
        """Directions that are guaranteed, by encoded column; nothing where it is free."""
        return {}

    def _problems(self) -> Iterator[tuple[str, str]]:
        """List contradictions: what was found and what was expected."""
        if self.missing and not self.optional:
            yield "codes for what is missing", "optional=True"


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A number.

    Attributes:
        unit: for people, such as ``years``.
        low: smallest accepted value.
        high: largest accepted value, at most ``LARGEST``.
        everyday: smallest, largest and step of samples.
        whole: whether it must be a whole number.
        direction: how the probability of default may move as it grows, all else equal: -1 never
            up, +1 never down, 0 free.
    """

    kind: ClassVar[str] = "number"

    unit: str
    low: float
    high: float
    everyday: tuple[float, float, float]
    whole: bool = False
    direction: int = 0

    def _problems(self) -> Iterator[tuple[str, str]]:
        yield from super()._problems()
        first, last, step = self.everyday
        if not -LARGEST <= self.low < self.high <= LARGEST:
            found = f"low {plain(self.low)} and high {plain(self.high)}"
            yield found, "low < high, both within 10**12 of zero"
        if not (self.low <= first <= last <= self.high and step > 0):
            expected = "(smallest, largest, step) within low and high, step above 0"
            yield f"everyday {self.everyday}", expected
        if self.example is None or not self.low <= self.example <= self.high:
            yield f"example {self.example!r}", "a number within low and high"
        if self.whole and any(each != round(each) for each in (self.example, first, step)):
            yield "an example or everyday range with fractions", "whole numbers"
        if self.direction not in WAYS:
            yield f"direction {self.direction}", "-1, 0 or +1"
        if odd := [code for code in self.missing if self.low <= _number(code) <= self.high]:
            yield f"{odd[0]}, which means missing, within low and high", "a code that is no value"

    @property
    def directions(self) -> dict[str, int]:
        """Its own direction."""
        return {self.name: self.direction} if self.direction else {}


@dataclass(frozen=True, kw_only=True)
class YesNo(Field):
    """Yes or no: ``true`` or ``false`` in a request, 1 or 0 in its encoded column.

    Attributes:
        yes: codes of yes in the file.
        no: codes of no in the file.
        direction: how the probability of default may move from no to yes: -1, 0 or +1.
    """

    kind: ClassVar[str] = "yes/no"
    low: ClassVar[float] = 0
    high: ClassVar[float] = 1
    whole: ClassVar[bool] = True
    coded: ClassVar[tuple[str, ...]] = ("yes", "no", "missing")

    yes: Code | tuple[Code, ...] = ("yes", "true", 1)
    no: Code | tuple[Code, ...] = ("no", "false", 0)
    direction: int = 0

    def _problems(self) -> Iterator[tuple[str, str]]:
        yield from super()._problems()
        every: list[Any] = [*self.yes, *self.no, *self.missing]  # type: ignore[misc]  # texts by now
        if (twice := _twice(every)) is not None:
            yield f"the code {twice!r} with two meanings", "one for each code"
        if not isinstance(self.example, bool):
            yield f"example {self.example!r}", "True or False"
        if self.direction not in WAYS:
            yield f"direction {self.direction}", "-1, 0 or +1"

    @property
    def directions(self) -> dict[str, int]:
        """Its own direction."""
        return {self.name: self.direction} if self.direction else {}


@dataclass(frozen=True, kw_only=True)
class Category(Field):
    """One of several words.

    Attributes:
        words: codes in the file of each word: one, or several; a word stands for itself where
            there are none. An empty cell is the code ``""``.
        direction: how the probability of default may move, by word, when that word takes the
            place of a free one, or of one of the other direction: -1 never up, +1 never down.
    """

    kind: ClassVar[str] = "category"

    words: Mapping[str, Code | tuple[Code, ...]]
    direction: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make texts of the codes of the words.

        Raises:
            FormError: names the field, if it contradicts itself.
        """
        codes = {w: codes_of(w if c == () else c) for w, c in self.words.items()}
        object.__setattr__(self, "words", codes)
        super().__post_init__()

    def _problems(self) -> Iterator[tuple[str, str]]:
        if self.optional or self.missing:
            yield "a category that may be missing", 'a word for it: words={"unknown": ""}'
        every: list[Any] = [code for codes in self.words.values() for code in codes]  # type: ignore[union-attr]  # texts by now
        known = f"one of {', '.join(self.words)}"
        if len(self.words) < 2:  # noqa: PLR2004  one word would say nothing
            yield f"{len(self.words)} words", "at least two"
        if odd := [word for word in self.words if not word.strip() or not word.isprintable()]:
            yield f"the word {odd[0]!r}", "text of printable characters"
        if (twice := _twice(every)) is not None:
            yield f"the code {twice!r} of two words", "one word for each code"
        if odd := [
            w for w, way in self.direction.items() if w not in self.words or way not in WAYS
        ]:
            yield f"the direction {self.direction[odd[0]]} of {odd[0]!r}", f"-1, 0 or +1 of {known}"
        free = [word for word in self.words if not self.direction.get(word)]
        if free and {-1, 1} <= {*self.direction.values()}:
            yield f"{free[0]!r}, free beside words of both directions", "a direction for each word"
        if self.example not in self.words:
            yield f"example {self.example!r}", known

    @property
    def columns(self) -> tuple[str, ...]:
        """One indicator a word."""
        return tuple(f"{self.name}={word}" for word in self.words)

    @property
    def directions(self) -> dict[str, int]:
        """The direction of each word.

        One word takes the place of another: two columns move. So where some words may never
        lower the probability, the columns of all others may never raise it.
        """
        ways = {way for way in self.direction.values() if way}
        others = -ways.pop() if len(ways) == 1 else 0
        found = {word: self.direction.get(word) or others for word in self.words}
        return {f"{self.name}={word}": way for word, way in found.items() if way}


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A column that is computed from numbers of the application.

    Attributes:
        name: of the column.
        formula: for people.
        unit: of the result.
        rises_with: fields that it rises with (+1) or falls with (-1), all others equal; the
            reason is filed under the first.
        reason: code of the reason that it counts against the application; several derived columns
            may share one.
        compute: numbers (n,) by field to (n,), without fitted constants; NaN where one of them is
            missing, finite otherwise.
        told: whether the applicant is told that reason.
    """

    name: str
    formula: str
    unit: str
    rises_with: Mapping[str, int]
    reason: str
    compute: Callable[[Mapping[str, Column]], Column]
    told: bool = True

    def __post_init__(self) -> None:
        """Refuse a column that is made of nothing, or does not say how it moves.

        Raises:
            FormError: names the column.
        """
        moves = self.rises_with
        if not 0 < len(moves) <= MOST_SOURCES or {*moves.values()} - {-1, 1}:
            place, found = f"derived column {self.name}", f"rises_with {dict(moves)}"
            raise FormError(place, found=found, expected=f"1 to {MOST_SOURCES} fields, +1 or -1")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a loan, in the lender's file.

    Attributes:
        column: of the file.
        default: codes of a loan that ended in default.
        repaid: codes of a loan that ended well.
        unknown: codes of a loan whose outcome is not known, which is left out; ``""`` is an empty
            cell.
    """

    column: str
    default: Code | tuple[Code, ...]
    repaid: Code | tuple[Code, ...]
    unknown: Code | tuple[Code, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a code with two meanings.

        Raises:
            FormError: names the code.
        """
        object.__setattr__(self, "column", self.column.strip())
        for name in ("default", "repaid", "unknown"):
            object.__setattr__(self, name, codes_of(getattr(self, name)))
        every = [*self.default, *self.repaid, *self.unknown]  # type: ignore[misc]  # texts by now
        if (twice := _twice(every)) is not None:
            place, found = f"outcome {self.column}", f"the code {twice!r} with two meanings"
            raise FormError(place, found=found, expected="one for each code")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Groups of applicants whose approvals the report compares.

    Attributes:
        field: by which they are told apart: a category, yes or no, or a number with a limit.
        title: such as ``marital status``.
        limit: of a number: those from it on are compared with those below it.
        why: one sentence for the report; empty for none.
    """

    field: str
    title: str
    limit: float | None = None
    why: str = ""


@dataclass(frozen=True)
class ReasonCode:
    """A reason that a decision can have.

    Attributes:
        code: stable, for machines.
        field: of the application, that the reason is filed under.
        inputs: derived columns that the code sums up; empty for the columns of ``field``.
        shows: fields whose values the analyst's sentence has.
        told: whether the applicant is told it.
    """

    code: str
    field: str
    inputs: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    told: bool = True

    @property
    def name(self) -> str:
        """Of the field, or of the relation."""
        return self.code.lower() if self.inputs else self.field
