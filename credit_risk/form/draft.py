"""A first form from a file of loans: kinds, ranges, words and missing markers are guessed.

What only a person can decide is marked with ``TODO``: directions, prohibited fields, sentences.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path
from typing import Final

from credit_risk.errors import DataError
from credit_risk.form.application import REFERENCE
from credit_risk.form.fields import LARGEST, plain
from credit_risk.form.guess import Column, find_codes, has_decimal_commas, read_columns
from credit_risk.form.naming import (
    codes,
    in_order,
    meaning_of,
    name_of,
    quoted,
    unique,
    word_of,
)
from credit_risk.form.outcomes import guess_outcome
from lean_bento import UniqueKeys

YES: Final = {"yes", "y", "true", "t", "1"}
NO: Final = {"no", "n", "false", "f", "0"}
PROHIBITED: Final = re.compile(
    r"sex|gender|marital|married|race|ethnic|religio|nation|foreign|colou?r|pregnan"
    r"|geschlecht|familienstand|staatsang|civil",
    re.IGNORECASE,
)
FEW: Final = 12
"""Different numbers, at most, that may be codes."""
FREE_WORDS: Final = "direction={},  # TODO: by word, -1 never up, +1 never down"

HEAD: Final = '''\
"""TODO: what this form is about, and where the data come from.

Drafted from {file}: {rows:,} rows. Every TODO is for a person who knows the loans.
"""

import numpy as np  # for derived columns

from credit_risk.form import (
    Category,
    Compared,
    Derived,
    Form,
    Number,
    Outcome,
    YesNo,
    read_sentences,
)

FORM = Form(
    name="{name}",
    about="One loan application.",
    limits_of_use=(
        "TODO: what data and model were not made for.",
    ),
    # TODO: which of the values mean a default, and which are not yet known?
{doubts}    outcome=Outcome({outcome}),
    fields=(
'''


@dataclass(frozen=True)
class Drafted:
    """One column: its field as Python, or why it was left out.

    Attributes:
        source: lines of Python.
        sentences: for the applicant, by reason code.
    """

    source: list[str]
    sentences: dict[str, str]


def draft(path: Path, outcome: str) -> str:
    """Write a form as Python.

    Args:
        path: of a CSV file with a header.
        outcome: column that says what became of a loan.

    Raises:
        DataError: if the file cannot be read, or has no such column.
    """
    columns, rows = read_columns(path)
    by_name = {column.name.lower(): column for column in columns if column.name}
    target = by_name.get(outcome.lower())
    if target is None:
        named = ", ".join(column.name for column in by_name.values())
        problem = f"found no column {outcome!r}, expected one of {named}"
        raise DataError(path.name, problem)
    said_outcome, unsure = guess_outcome(path.name, target)
    doubts = f"    # TODO: what do these mean? {unsure}\n" if unsure else ""
    others = [column for column in by_name.values() if column is not target]
    commas = has_decimal_commas(others)
    slugs = {name_of(column.name) for column in by_name.values()}
    # These no form may have.
    names = {each for each in slugs if each == REFERENCE or hasattr(UniqueKeys, each)}
    names |= {f"{each}_not_stated" for each in slugs}
    drafted, groups = [], []
    for column in others:
        why = column.useless(commas=commas)
        name = unique(name_of(column.name), names)
        drafted.append(_left_out(column.name, why) if why else _field(name, column))
        if not why and not column.numbers and PROHIBITED.search(name):
            groups.append(f"Compared(field={quoted(name)}, title={quoted(column.name)}),")
    name = name_of(path.stem, "loans")
    head = HEAD.format(file=path.name, rows=rows, name=name, outcome=said_outcome, doubts=doubts)
    lines = [line for each in drafted for line in each.source]
    sentences = {code: text for each in drafted for code, text in each.sentences.items()}
    return "".join(
        [
            head,
            *(f"        {line}\n" for line in lines),
            "    ),\n    # TODO: whose approvals the report compares\n    compared=(\n",
            *(f"        {group}\n" for group in groups),
            "    ),\n",
            "    # TODO: sentences that a customer may read.\n",
            '    sentences={\n        "en": {\n',
            *(f"            {quoted(code)}: {quoted(text)},\n" for code, text in sentences.items()),
            "        },\n",
            "        **read_sentences(__file__),  # reasons.<language>.toml beside this\n",
            "    },\n)\n",
        ]
    )


def _field(name: str, column: Column) -> Drafted:
    lowered = {word.lower() for word in column.words}
    if len(lowered) == 2 and lowered & YES and lowered & NO:  # noqa: PLR2004  yes and no
        return _yes_no(name, column)
    return _number(name, column) if column.numbers else _category(name, column)


def _number(name: str, column: Column) -> Drafted:
    numbers, missing = column.numbers, column.missing
    markers = [plain(max(numbers))] if _is_marker(numbers) else []
    numbers = sorted(n for n in numbers if plain(n) not in markers)
    odd = find_codes(numbers)
    usual = [n for n in numbers if n not in odd]
    whole = all(n == round(n) for n in numbers)
    low, high = _limits(numbers, whole=whole)
    first, last, step = _everyday(usual, low, high, whole=whole)
    optional = bool(missing or markers)
    kinds = len(set(usual))
    said = [f"# TODO: {kinds} values only: codes of a Category?"] if kinds <= FEW else []
    said += _doubt_codes(name, odd, missing, _limits(usual, whole=whole)) if odd else []
    lines = [
        *_about(name, column.name),
        f"unit={quoted(column.unit or 'TODO')},",
        f"low={plain(low)},  # TODO: the smallest that is accepted",
        f"high={plain(high)},  # TODO: the largest",
        f"everyday=({plain(first)}, {plain(last)}, {plain(step)}),",
        f"example={plain(usual[len(usual) // 2])},",
        *(["whole=True,"] if whole else []),
        *(["optional=True,"] if optional else []),
        *_missing([*missing, *markers], *markers),
        *_direction(name),
    ]
    return _drafted("Number", name, lines, said, optional=optional)


def _limits(numbers: Sequence[float], *, whole: bool) -> tuple[float, float]:
    """Return what is accepted for sorted numbers: low and high."""
    low, high = min(0.0, _rounded(numbers[0], up=False)), _rounded(2 * numbers[-1], up=True)
    low = 1.0 if whole and numbers[0] >= 1 else low  # something may be divided by it
    return low, high if high > low else low + 1


def _everyday(
    numbers: Sequence[float], low: float, high: float, *, whole: bool
) -> tuple[float, float, float]:
    first, last = numbers[len(numbers) // 100], numbers[-1 - len(numbers) // 100]
    step = 10.0 ** floor(log10(max(last - first, 1e-6) / 20)) if last > first else 1.0
    step = max(step, 1.0) if whole else step
    first, last = step * floor(first / step), step * floor(last / step)
    return max(first, low), min(max(last, first), high), step


def _doubt_codes(
    name: str, odd: Sequence[float], missing: Sequence[str], limits: tuple[float, float]
) -> list[str]:
    """Ask whether numbers far from the rest are codes, and say what to write then."""
    numbers = [*map(plain, odd)]
    are = "is far from the rest: a code" if len(odd) == 1 else "are far from the rest: codes"
    every = [*(quoted(code) for code in missing if code), *numbers]
    written = ", ".join(every) + ("," if len(every) == 1 else "")
    low, high = map(plain, limits)
    return [
        f"# TODO: {' and '.join(numbers)} {are} for what is missing? then missing=({written}),",
        f"# optional=True, low={low}, high={high}, and a sentence {name.upper()}_NOT_STATED",
    ]


def _yes_no(name: str, column: Column) -> Drafted:
    words, missing = column.words, column.missing
    yes, no = ([w for w in words if w.lower() in known] for known in (YES, NO))
    lines = [
        *_about(name, column.name),
        f"yes={codes(yes)},",
        f"no={codes(no)},",
        "example=False,",
        *(["optional=True,"] if missing else []),
        *_missing(missing),
        *_direction(name),
    ]
    return _drafted("YesNo", name, lines, optional=bool(missing))


def _category(name: str, column: Column) -> Drafted:
    words, slugs = column.words, set[str]()
    meant = {unique(word_of(word), slugs): [word] for word in in_order(words)}
    if column.missing:
        meant.setdefault("unknown", []).extend(column.missing)
    most = next(slug for slug, code in meant.items() if code[0] == words.most_common(1)[0][0])
    lines = [
        *_about(name, column.name),
        "words={",
        *(
            f"    {quoted(slug)}: {'()' if code == [slug] else codes(code)},"
            for slug, code in meant.items()
        ),
        "},",
        f"example={quoted(most)},",
        *(_direction(name) if PROHIBITED.search(name) else [FREE_WORDS]),
    ]
    return _drafted("Category", name, lines)


def _about(name: str, column: str) -> list[str]:
    return [
        f"name={quoted(name)},",
        f"column={quoted(column)},",
        f"meaning={quoted(meaning_of(column))},  # TODO",
    ]


def _missing(markers: Sequence[str], *guessed: str) -> list[str]:
    texts = [quoted(code) for code in markers if code]
    doubt = f"  # TODO: {guessed[0]} is far from the rest; right?" if guessed else ""
    return [f"missing=({', '.join(texts)},),{doubt}"] if texts else []


def _direction(name: str) -> list[str]:
    if PROHIBITED.search(name):
        return ["prohibited=True,  # TODO: no model may see it; right?"]
    if re.search(r"(^|_)(age|alter)($|_)", name):
        return ["direction=-1,  # TODO: an older applicant is never worse off; right?"]
    return ["direction=0,  # TODO: -1 never up, +1 never down, 0 free"]


def _drafted(
    kind: str, name: str, lines: list[str], said: Sequence[str] = (), *, optional: bool = False
) -> Drafted:
    code, subject = name.upper(), name.replace("_", " ")
    if PROHIBITED.search(name):
        sentences = {}  # no applicant would get one
    else:
        sentences = {code: f"TODO: {subject} counted against your application."}
    if optional and sentences:
        sentences[f"{code}_NOT_STATED"] = f"TODO: {subject} was not stated."
    source = [f"{kind}(", *(f"    {line}" for line in lines), "),"]
    return Drafted([*said, *source], sentences)


def _left_out(column: str, why: str) -> Drafted:
    return Drafted([f"# TODO: the column {column!r} is left out: {why}."], {})


def _is_marker(numbers: Sequence[float]) -> bool:
    """Tell whether the largest number is nines only, and far away from all others."""
    largest = max(numbers)
    others = [n for n in numbers if n != largest]
    nines = re.fullmatch(r"9{3,}", plain(largest))
    return bool(nines and others and largest > 10 * max(*others, 1))


def _rounded(number: float, *, up: bool) -> float:
    """Round to one digit, away from zero or towards it."""
    if not number:
        return 0.0
    unit = 10.0 ** floor(log10(abs(number)))
    places = number / unit
    whole = floor(places) if not up or places == round(places) else floor(places) + 1
    return min(max(whole * unit, -LARGEST), LARGEST)
