"""A first form from a file of loans: kinds, ranges, words and missing markers are guessed.

What only a person can decide is marked with ``TODO``: directions, prohibited fields, sentences.
"""

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path
from typing import Final

from credit_risk.errors import DataError
from credit_risk.form.fields import LARGEST, plain

MISSING: Final = {"", "na", "n/a", "nan", "null", "?", ".", "-", "missing"}
YES: Final = {"yes", "y", "true", "t", "1"}
NO: Final = {"no", "n", "false", "f", "0"}
DEFAULTED: Final = {"1", "2", "bad", "default", "defaulted", "yes", "y", "true", "charged off", "b"}
PROHIBITED: Final = re.compile(
    r"sex|gender|marital|married|race|ethnic|religio|nation|foreign|colou?r|pregnan", re.IGNORECASE
)
FREE_WORDS: Final = "direction={},  # TODO: by word, -1 never up, +1 never down"
MOST_WORDS: Final = 30
"""Of a category; a column with more different texts is left out."""

HEAD: Final = '''\
"""TODO: what this form is about, and where the data come from.

Drafted from {file}: {rows:,} rows. Every TODO is for a person who knows the loans.
"""

from credit_risk.form import Category, Form, Number, Outcome, YesNo, read_sentences

FORM = Form(
    name="{name}",
    about="One loan application.",
    limits_of_use=(
        "TODO: what data and model were not made for.",
    ),
    # TODO: which of the values mean a default?
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
    header, rows = _read(path)
    places = {name.lower(): place for place, name in enumerate(header)}
    if outcome.lower() not in places:
        problem = f"found no column {outcome!r}, expected one of {', '.join(header)}"
        raise DataError(path.name, problem)
    columns = {name: [row[place].strip() for row in rows] for place, name in enumerate(header)}
    target = header[places[outcome.lower()]]
    drafted = []
    names: set[str] = set()
    for column, cells in columns.items():
        if column != target:
            name = _unique(_slug(column) or "field", names)
            drafted.append(_field(name, column, cells))
    name = _slug(path.stem) or "loans"
    head = HEAD.format(
        file=path.name, rows=len(rows), name=name, outcome=_outcome(target, columns[target])
    )
    lines = [line for each in drafted for line in each.source]
    sentences = {code: text for each in drafted for code, text in each.sentences.items()}
    return "".join(
        [
            head,
            *(f"        {line}\n" for line in lines),
            "    ),\n",
            "    # TODO: sentences that a customer may read.\n",
            '    sentences={\n        "en": {\n',
            *(f"            {_text(code)}: {_text(text)},\n" for code, text in sentences.items()),
            "        },\n",
            "        **read_sentences(__file__),  # reasons.<language>.toml beside this\n",
            "    },\n)\n",
        ]
    )


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(str(path), f"found {error.strerror}, expected a CSV file") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    if len(rows) < 2 or len(rows[0]) < 2 or "\0" in first:  # noqa: PLR2004  a header, a row; two columns
        raise DataError(path.name, "found no table, expected CSV with a header and rows below it")
    header = [name.strip() or f"column_{place}" for place, name in enumerate(rows[0], start=1)]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            problem = f"found {len(row)} cells, expected {len(header)}"
            raise DataError(path.name, problem, row=number)
    return header, rows[1:]


def _outcome(column: str, cells: Sequence[str]) -> str:
    counts = Counter(cells)
    known = [value for value in counts if value.lower() not in MISSING]
    bad = [value for value in known if value.lower() in DEFAULTED]
    # Two codes that both look like a default, as 1 and 2: the rarer one.
    default = min(bad or known, key=lambda value: counts[value], default="")
    unknown = [value for value in counts if value not in known]
    unknown += ["0"] if {"0", "1", "2"} <= set(known) else []
    repaid = [value for value in known if value not in {default, *unknown}]
    said = f"column={_text(column)}, default={_text(default)}, repaid={_codes(repaid)}"
    return said + (f", unknown={_codes(unknown)}" if unknown else "")


def _field(name: str, column: str, cells: Sequence[str]) -> Drafted:  # noqa: PLR0911  one a kind
    missing = sorted({cell for cell in cells if cell.lower() in MISSING})
    known = [cell for cell in cells if cell.lower() not in MISSING]
    words = Counter(known)
    lowered = {word.lower() for word in words}
    if len(words) < 2:  # noqa: PLR2004  one value says nothing
        return _left_out(column, f"{len(words)} different values")
    if len(words) == 2 and lowered & YES and lowered & NO:  # noqa: PLR2004  yes and no
        return _yes_no(name, column, words, missing)
    numbers = _numbers(known)
    if numbers is not None:
        ids = len(set(numbers)) == len(cells) and all(n == round(n) for n in numbers)
        if ids and re.search(r"id|number|nr|no\b|column_|unnamed", column, re.IGNORECASE):
            return _left_out(column, "a number of each row, it seems")
        if max(map(abs, numbers)) > LARGEST:
            return _left_out(column, "numbers above 10**12")
        return _number(name, column, numbers, missing)
    if len(words) > MOST_WORDS:
        return _left_out(column, f"{len(words)} different texts, such as {known[0][:40]!r}")
    return _category(name, column, words, missing)


def _number(name: str, column: str, numbers: list[float], missing: list[str]) -> Drafted:
    markers = [plain(max(numbers))] if _is_marker(numbers) else []
    numbers = sorted(n for n in numbers if plain(n) not in markers)
    whole = all(n == round(n) for n in numbers)
    low, high = min(0.0, _rounded(numbers[0], up=False)), _rounded(2 * numbers[-1], up=True)
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
        *_about(name, column),
        'unit="TODO",',
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


def _yes_no(name: str, column: str, words: Iterable[str], missing: list[str]) -> Drafted:
    yes, no = ([w for w in words if w.lower() in known] for known in (YES, NO))
    lines = [
        *_about(name, column),
        f"yes={_codes(yes)},",
        f"no={_codes(no)},",
        "example=False,",
        *(["optional=True,"] if missing else []),
        *_missing(missing),
        *_direction(name),
    ]
    return _drafted("YesNo", name, lines, optional=bool(missing))


def _category(name: str, column: str, words: Counter[str], missing: list[str]) -> Drafted:
    slugs: set[str] = set()
    codes = {_unique(_slug(word) or "word", slugs): [word] for word in words}
    if missing:
        codes.setdefault("unknown", []).extend(missing)
    most = next(slug for slug, code in codes.items() if code[0] == words.most_common(1)[0][0])
    lines = [
        *_about(name, column),
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
    meaning = column.replace("_", " ").strip().capitalize()
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
    if re.search(r"(^|_)age($|_)", name):
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


def _numbers(cells: Sequence[str]) -> list[float] | None:
    commas = all(re.fullmatch(r"[+-]?\d+(,\d+)?", cell) for cell in cells)
    try:
        return [float(cell.replace(",", ".") if commas else cell) for cell in cells]
    except ValueError:
        return None


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


def _slug(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", ascii_text.lower()).strip("_")[:40].strip("_")
    return f"n{slug}" if slug[:1].isdigit() else slug


def _unique(slug: str, taken: set[str]) -> str:
    number, found = 2, slug
    while found in taken:
        found, number = f"{slug}_{number}", number + 1
    taken.add(found)
    return found
