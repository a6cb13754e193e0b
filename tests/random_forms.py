"""Any form: fields of every kind, with words, codes and columns as no one would choose them.

What a form contradicts itself in is left out; ``FormError`` is the only way in which it may be.
"""

import csv
import io
from collections.abc import Mapping
from contextlib import suppress
from math import ceil, floor
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st
from toys import sentences_for

from credit_risk.errors import FormError
from credit_risk.form import Category, Compared, Derived, Field, Form, Number, Outcome, YesNo
from credit_risk.form.fields import as_compared, codes_of

Draw = st.DrawFn
Application = dict[str, Any]

ODD_WORDS = (
    *("a: b", '"', "'quoted'", "x=y", "< 25", "[1, 2]", "100 %", "%3C", "{{ 1 }}", "<script>"),
    *("1", "1.0", "-0", "true", "null", "nan", "NA", "None", "a,b;c|d", "\\", "#", "ñandú"),
    *("家", "🙂", "e\u0301", " x ", "=1+1", "1e5", "0,5", "field=word", "not stated"),
)
ODD_NAMES = (
    *("copy", "json", "schema", "self", "class", "model_config", "model_dump", "duplicates"),
    *("model_year", "x_not_stated", "reference", "reasons", "status", "root", "dict", "name"),
)
PRINTABLE = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=8
)
WORDS = st.sampled_from(ODD_WORDS) | PRINTABLE
CODES = WORDS | st.integers(-9, 99_999_999) | st.floats(-10, 10, width=16)
NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,5}", fullmatch=True) | st.sampled_from(ODD_NAMES)
ENDS = st.sampled_from((-1e12, -1, 0, 0.1, 0.5, 1, 7, 100, 2**24 + 1, 1e12)) | st.floats(
    -1e12, 1e12
)
WAYS = st.sampled_from((-1, 0, 1))


def distinct_codes(count: int) -> st.SearchStrategy[list[Any]]:
    """Codes, no two of which are the same."""

    def compared(code: Any) -> str:
        return as_compared(*codes_of(code))

    return st.lists(CODES, min_size=count, max_size=count, unique_by=compared)


SELDOM = st.sampled_from((False, False, False, True))


@st.composite
def forms(draw: Draw) -> Form:
    """A form that is accepted: a field that contradicts itself or another is left out."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique_by=str.lower))
    fields: tuple[Field, ...] = ()
    for name in names:
        with suppress(FormError):
            more = (*fields, draw(FIELDS)(draw, name, prohibited=bool(fields) and draw(SELDOM)))
            _form(more)
            fields = more
    if not fields:
        reject()
    default, repaid, unknown = draw(distinct_codes(3))
    return _form(
        fields,
        derived=_derived(draw, fields),
        about=draw(PRINTABLE),
        limits_of_use=(draw(PRINTABLE),),
        outcome=Outcome(column="Result: ?", default=default, repaid=repaid, unknown=unknown),
        compared=tuple(_compared(draw, each) for each in fields if draw(SELDOM)),
        contrast=draw(applications(fields)) if draw(SELDOM) else {},
    )


def _form(fields: tuple[Field, ...], derived: tuple[Derived, ...] = (), **others: Any) -> Form:
    codes = [each.reason for each in (*fields, *derived)]
    codes += [f"{each.reason}_NOT_STATED" for each in fields if each.optional]
    outcome = Outcome(column="Result: ?", default=1, repaid=0)
    declared = {"name": "any", "outcome": outcome, "sentences": sentences_for(*codes)} | others
    return Form(fields=fields, derived=derived, **declared)


def _compared(draw: Draw, field: Field) -> Compared:
    limit = field.example if isinstance(field, Number) else None
    return Compared(field=field.name, title=draw(PRINTABLE), limit=limit)


def _common(draw: Draw, name: str, *, prohibited: bool) -> dict[str, Any]:
    return {
        "name": name,
        "meaning": draw(PRINTABLE),
        "column": draw(st.just("") | WORDS),
        "reason": draw(st.sampled_from(("", "", "R1", "A_NOT_STATED", "X"))),
        "told": not draw(SELDOM),
        "prohibited": prohibited,
    }


def _number(draw: Draw, name: str, *, prohibited: bool) -> Number:
    low, high = sorted(draw(st.lists(ENDS, min_size=2, max_size=2, unique=True)))
    whole = draw(SELDOM)
    within = numbers(low, high, whole=whole)
    first, last = sorted((draw(within), draw(within)))
    step = draw(st.sampled_from((0.1, 0.25, 3.0, 1000.0)))
    common = _common(draw, name, prohibited=prohibited)
    optional = draw(st.booleans())
    return Number(
        **common,
        optional=optional,
        missing=tuple(draw(st.lists(CODES, max_size=2))) if optional else (),
        unit=draw(WORDS),
        low=low,
        high=high,
        everyday=(first, last, ceil(step) if whole else step),
        example=draw(within),
        whole=whole,
        direction=0 if prohibited else draw(WAYS),
    )


def _yes_no(draw: Draw, name: str, *, prohibited: bool) -> YesNo:
    common = _common(draw, name, prohibited=prohibited)
    optional = draw(st.booleans())
    codes = draw(distinct_codes(3))
    written = {"yes": codes[0], "no": codes[1]} if draw(st.booleans()) else {}
    return YesNo(
        **common,
        **written,
        optional=optional,
        missing=codes[2:] if optional else (),
        example=draw(st.booleans()),
        direction=0 if prohibited else draw(WAYS),
    )


def _category(draw: Draw, name: str, *, prohibited: bool) -> Category:
    common = _common(draw, name, prohibited=prohibited)
    words = draw(st.lists(WORDS, min_size=2, max_size=5, unique=True))
    codes = draw(distinct_codes(2 * len(words)))
    written = {}
    for place, word in enumerate(words):
        one, two = codes[2 * place : 2 * place + 2]
        ways = [(), one, (one, two), *([""] if place == 0 else [])]
        written[word] = draw(st.sampled_from(ways))
    return Category(
        **common,
        words=written,
        example=draw(st.sampled_from(words)),
        direction={} if prohibited else {word: draw(WAYS) for word in words},
    )


FIELDS = st.sampled_from((_number, _yes_no, _category, _number))


def _derived(draw: Draw, fields: tuple[Field, ...]) -> tuple[Derived, ...]:
    """Columns of plain arithmetic that the form can have."""
    found = [each for each in fields if isinstance(each, Number)]
    if not found or draw(st.booleans()):
        return ()
    kept: list[Derived] = []
    for place in range(draw(st.integers(1, 2))):
        moves = {each.name: each.direction or draw(st.sampled_from((-1, 1))) for each in found[:3]}
        try:
            column = _column(draw(st.sampled_from((_sum, _share, _plain_share))), place, moves)
            _form(fields, (*kept, column))
            kept.append(column)
        except FormError:  # it does not move so, is not finite, or must keep both ways
            continue
    return tuple(kept)


def _column(compute: Any, place: int, moves: Mapping[str, int]) -> Derived:
    return Derived(
        name=f"derived_{place}",
        formula=compute.__name__,
        unit="of no kind",
        rises_with=moves,
        reason="DERIVED",
        told=place == 0,
        compute=lambda of: compute(of, moves),
    )


def _sum(of: Mapping[str, Any], moves: Mapping[str, int]) -> Any:
    return sum(way * of[name] for name, way in moves.items())


def _share(of: Mapping[str, Any], moves: Mapping[str, int]) -> Any:
    """What it rises with, by what it falls with and one at least."""
    part = sum((of[name] for name, way in moves.items() if way > 0), np.float32(1))
    whole = sum((of[name] for name, way in moves.items() if way < 0), np.float32(0))
    return part / np.maximum(whole, np.float32(1))


def _plain_share(of: Mapping[str, Any], moves: Mapping[str, int]) -> Any:
    """The same, where nobody thought of zero."""
    found = np.float32(1)
    for name, way in moves.items():
        found = found * of[name] if way > 0 else found / of[name]
    return found


# Applications of a form, and how they stand in its file

DECLARED: list[Form] = []
"""The forms of ``form_file``."""


def form_file(form: Form, path: Path) -> Path:
    """Write a Python file that declares a form, for this process only."""
    DECLARED.append(form)
    path.write_text(f"from random_forms import DECLARED\n\nFORM = DECLARED[{len(DECLARED) - 1}]\n")
    return path


def numbers(low: float, high: float, *, whole: bool) -> st.SearchStrategy[float]:
    """Numbers of a range, its ends among them."""
    first, last = ceil(low), floor(high)
    integers = st.integers(first, last).map(float) if first <= last else st.nothing()
    if whole and first <= last:
        return integers
    return st.sampled_from((low, high)) | st.floats(low, high) | integers


def values(field: Field) -> st.SearchStrategy[Any]:
    """What a request may say of a field."""
    if isinstance(field, Category):
        return st.sampled_from(list(field.words))
    found: st.SearchStrategy[Any] = st.booleans()
    if isinstance(field, Number):
        found = numbers(field.low, field.high, whole=field.whole)
    return found | st.none() if field.optional else found


def applications(fields: tuple[Field, ...]) -> st.SearchStrategy[Application]:
    """Applications of some fields."""
    return st.fixed_dictionaries({each.name: values(each) for each in fields})


def loan_file(form: Form, loans: list[tuple[Application, str]], seed: int) -> str:
    """Write applications and their outcomes as the form says that the lender's file has them."""
    random, file = Random(seed), io.StringIO()  # noqa: S311  variety, not secrecy
    table = csv.writer(file)
    table.writerow([form.outcome.column, *(each.column for each in form.fields)])
    for application, outcome in loans:
        codes = getattr(form.outcome, outcome)
        cells = [_cell(each, application[each.name], random) for each in form.fields]
        table.writerow([random.choice(codes), *cells])
    return file.getvalue()


def _cell(field: Any, value: Any, random: Random) -> str:
    if isinstance(field, Category):
        return str(random.choice(field.words[value]))
    if value is None:
        return str(random.choice(["", *field.missing]))
    if isinstance(field, YesNo):
        return str(random.choice(field.yes if value else field.no))
    return repr(value)


def many_loans(form: Form, count: int, seed: int) -> list[tuple[Application, str]]:
    """Applications and what became of them, which some of their fields have to do with."""
    random = Random(seed)  # noqa: S311  variety, not secrecy
    ways = {each.name: getattr(each, "direction", 0) for each in form.fields}
    weights = {
        name: way if way in (-1, 1) else random.choice((-1, 1)) for name, way in ways.items()
    }
    loans = []
    for _ in range(count):
        drawn = {each.name: _drawn(each, random) for each in form.fields}
        risk = sum(weights[each.name] * _height(each, drawn[each.name]) for each in form.fields)
        ends = "default" if risk > random.uniform(-1, 1) else "repaid"
        loans.append((drawn, "unknown" if random.random() < 0.05 else ends))
    return loans


def _drawn(field: Any, random: Random) -> Any:
    if isinstance(field, Category):
        return random.choice(list(field.words))
    if field.optional and random.random() < 0.1:
        return None
    if isinstance(field, YesNo):
        return random.random() < 0.5
    first, last, _ = field.everyday
    found = random.choice((field.low, field.high, random.uniform(first, last), field.example))
    return float(
        min(max(round(found), ceil(field.low)), floor(field.high)) if field.whole else found
    )


def _height(field: Any, value: Any) -> float:
    """Where a value stands in its range, -1 to 1."""
    if value is None:
        return 0
    if isinstance(field, Category):
        return -1 if list(field.words).index(value) % 2 else 1
    return 2 * (value - field.low) / (field.high - field.low) - 1
