"""A first form from a file of loans: kinds, ranges, words and missing markers are guessed.

What only a person can decide is marked with ``TODO``: directions, prohibited fields, sentences.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path
from typing import Final

from credit_risk.errors import DataError
from credit_risk.form.fields import LARGEST, plain
from credit_risk.form.guess import MOST_WORDS, Column, has_decimal_commas, read_columns
from lean_bento import UniqueKeys

YES: Final = {"yes", "y", "true", "t", "1"}
NO: Final = {"no", "n", "false", "f", "0"}
DEFAULTED: Final = {"1", "2", "bad", "default", "defaulted", "yes", "y", "true", "charged off", "b"}
PROHIBITED: Final = re.compile(
    r"sex|gender|marital|married|race|ethnic|religio|nation|foreign|colou?r|pregnan"
    r"|geschlecht|familienstand|staatsang|civil",
    re.IGNORECASE,
)
SIGNS: Final = {"<=": " to ", ">=": " from ", "<": " below ", ">": " above ", "%": " percent "}
"""In words of a category: what tells them apart must stay."""
LONGEST: Final = 40
"""Characters of a name."""
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
    outcome=Outcome({outcome}),
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
    said_outcome = _outcome(path.name, target)
    others = [column for column in by_name.values() if column is not target]
    commas = has_decimal_commas(others)
    slugs = {_name(column.name) for column in by_name.values()}
    names = {each for each in slugs if hasattr(UniqueKeys, each)}  # which a form may not have
    names |= {f"{each}_not_stated" for each in slugs}
    drafted, groups = [], []
    for column in others:
        why = column.useless(commas=commas)
        name = _unique(_name(column.name), names)
        drafted.append(_left_out(column.name, why) if why else _field(name, column))
        if not why and not column.numbers and PROHIBITED.search(name):
            groups.append(f"Compared(field={_text(name)}, title={_text(column.name)}),")
    name = _name(path.stem, "loans")
    head = HEAD.format(file=path.name, rows=rows, name=name, outcome=said_outcome)
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
            *(f"            {_text(code)}: {_text(text)},\n" for code, text in sentences.items()),
            "        },\n",
            "        **read_sentences(__file__),  # reasons.<language>.toml beside this\n",
            "    },\n)\n",
        ]
    )


def _outcome(file: str, column: Column) -> str:
    counts = column.words
    if not 2 <= len(counts) <= MOST_WORDS:  # noqa: PLR2004  at least default and repaid
        found = f"found {len(counts)} different values"
        problem = f"{found}, expected those of an outcome, such as good and bad"
        raise DataError(file, f"{problem}; name another column", column=column.name)
    bad = [value for value in counts if value.lower() in DEFAULTED]
    if not bad or {"1", "2"} <= counts.keys():  # either may be it: the rarer one
        bad = [min(bad or counts, key=lambda value: counts[value])]
    unknown = [*filter(None, column.missing)]
    unknown += ["0"] if {"0", "1", "2"} <= counts.keys() else []
    repaid = [value for value in counts if value not in {*bad, *unknown}]
    said = f"column={_text(column.name)}, default={_codes(bad)}, repaid={_codes(repaid)}"
    return said + (f", unknown={_codes(unknown)}" if unknown else "")


def _field(name: str, column: Column) -> Drafted:
    lowered = {word.lower() for word in column.words}
    if len(lowered) == 2 and lowered & YES and lowered & NO:  # noqa: PLR2004  yes and no
        return _yes_no(name, column)
    return _number(name, column) if column.numbers else _category(name, column)


def _number(name: str, column: Column) -> Drafted:
    numbers, missing = column.numbers, column.missing
    markers = [plain(max(numbers))] if _is_marker(numbers) else []
    numbers = sorted(n for n in numbers if plain(n) not in markers)
    whole = all(n == round(n) for n in numbers)
    low, high = min(0.0, _rounded(numbers[0], up=False)), _rounded(2 * numbers[-1], up=True)
    low = 1.0 if whole and numbers[0] >= 1 else low  # something may be divided by it
    if high <= low:
        high = low + 1
    first, last = numbers[len(numbers) // 100], numbers[-1 - len(numbers) // 100]
    step = 10.0 ** floor(log10(max(last - first, 1e-6) / 20)) if last > first else 1.0
    step = max(step, 1.0) if whole else step
    first, last = step * floor(first / step), step * floor(last / step)
    first, last = max(first, low), min(max(last, first), high)
    optional = bool(missing or markers)
    few = len(set(numbers)) <= 12  # noqa: PLR2004  a dozen
    middle = numbers[len(numbers) // 2]
    lines = [
        *_about(name, column.name),
        f"unit={_text(column.unit or 'TODO')},",
        f"low={plain(low)},  # TODO: the smallest that is accepted",
        f"high={plain(high)},  # TODO: the largest",
        f"everyday=({plain(first)}, {plain(last)}, {plain(step)}),",
        f"example={plain(middle)},",
        *(["whole=True,"] if whole else []),
        *(["optional=True,"] if optional else []),
        *_missing([*missing, *markers]),
        *_direction(name),
    ]
    said = f"# TODO: {len(set(numbers))} values only: codes of a Category?" if few else ""
    return _drafted("Number", name, lines, said, optional=optional)


def _yes_no(name: str, column: Column) -> Drafted:
    words, missing = column.words, column.missing
    yes, no = ([w for w in words if w.lower() in known] for known in (YES, NO))
    lines = [
        *_about(name, column.name),
        f"yes={_codes(yes)},",
        f"no={_codes(no)},",
        "example=False,",
        *(["optional=True,"] if missing else []),
        *_missing(missing),
        *_direction(name),
    ]
    return _drafted("YesNo", name, lines, optional=bool(missing))


def _category(name: str, column: Column) -> Drafted:
    words, slugs = column.words, set[str]()
    codes = {_unique(_word(word), slugs): [word] for word in words}
    if column.missing:
        codes.setdefault("unknown", []).extend(column.missing)
    most = next(slug for slug, code in codes.items() if code[0] == words.most_common(1)[0][0])
    lines = [
        *_about(name, column.name),
        "words={",
        *(
            f"    {_text(slug)}: {'()' if code == [slug] else _codes(code)},"
            for slug, code in codes.items()
        ),
        "},",
        f"example={_text(most)},",
        *(_direction(name) if PROHIBITED.search(name) else [FREE_WORDS]),
    ]
    return _drafted("Category", name, lines)


def _about(name: str, column: str) -> list[str]:
    meaning = column.replace("_", " ").strip()
    meaning = meaning[:1].upper() + meaning[1:]
    return [
        f"name={_text(name)},",
        f"column={_text(column)},",
        f"meaning={_text(meaning)},  # TODO",
    ]


def _missing(codes: Sequence[str]) -> list[str]:
    texts = [_text(code) for code in codes if code]
    return [f"missing=({', '.join(texts)},),"] if texts else []


def _direction(name: str) -> list[str]:
    if PROHIBITED.search(name):
        return ["prohibited=True,  # TODO: no model may see it; right?"]
    if re.search(r"(^|_)(age|alter)($|_)", name):
        return ["direction=-1,  # TODO: an older applicant is never worse off; right?"]
    return ["direction=0,  # TODO: -1 never up, +1 never down, 0 free"]


def _drafted(
    kind: str, name: str, lines: list[str], said: str = "", *, optional: bool = False
) -> Drafted:
    code, subject = name.upper(), name.replace("_", " ")
    sentences = {code: f"TODO: {subject} counted against your application."}
    if optional:
        sentences[f"{code}_NOT_STATED"] = f"TODO: {subject} was not stated."
    source = [f"{kind}(", *(f"    {line}" for line in lines), "),"]
    return Drafted([said, *source] if said else source, sentences)


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


def _codes(codes: Sequence[str]) -> str:
    texts = [_text(code) for code in codes]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def _text(text: str) -> str:
    """Write a text as Python does, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _name(text: str, otherwise: str = "field") -> str:
    """Return the name of a field, or of a form."""
    slug = _slug(text) or otherwise
    return f"n{slug}" if slug[0].isdigit() else slug


def _word(text: str) -> str:
    """Return the word for a code, which is the text itself in other scripts than ours."""
    said = text
    for sign, name in SIGNS.items():
        said = said.replace(sign, name)
    return _slug(said) or text


def _slug(text: str) -> str:
    """Write a text in small letters, digits and ``_``; a long one ends with a whole word."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", ascii_text.lower()).strip("_")
    return (
        slug if len(slug) <= LONGEST else slug[: LONGEST + 1].rpartition("_")[0] or slug[:LONGEST]
    )


def _unique(slug: str, taken: set[str]) -> str:
    number, found = 2, slug
    while found in taken:
        found, number = f"{slug}_{number}", number + 1
    taken.add(found)
    return found
