"""Write the names, words and codes of an unknown file as a form has them."""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

SIGNS: Final = {
    "<=": " to ",
    ">=": " from ",
    "<": " below ",
    ">": " above ",
    "%": " percent ",
    "+": " plus ",
}
"""In words of a category: what tells them apart must stay."""
LONGEST: Final = 50
"""Characters of a name."""
CAMEL: Final = r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
"""Where a word of ``MonthlyIncome`` ends."""
ORDERED: Final = re.compile(
    r"\s*(?P<below><|(?:less|under|below|up to)\b)?(?P<above>>|(?:more|over|above)\b)?"
    r"(?P<before>\D*?)(?P<number>\d+(?:[.,]\d+)?)\s*(?P<plus>\+)?.*",
    re.IGNORECASE,
)


def quoted(text: str) -> str:
    """Write a text as Python does, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def codes(texts: Sequence[str]) -> str:
    """Write one code or several as Python."""
    several = [quoted(text) for text in texts]
    return several[0] if len(several) == 1 else f"({', '.join(several)})"


def name_of(text: str, otherwise: str = "field") -> str:
    """Return the name of a field, or of a form."""
    slug = _slug(_spaced(text)) or otherwise
    return f"n{slug}" if slug[0].isdigit() else slug


def meaning_of(column: str) -> str:
    """Return the name of a column for people."""
    spaced = _spaced(column)
    text = (spaced.lower() if spaced != column else column).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def word_of(text: str) -> str:
    """Return the word for a code, which is the text itself in other scripts than ours."""
    said = text
    for sign, name in SIGNS.items():
        said = said.replace(sign, name)
    return _slug(said) or text


def unique(slug: str, taken: set[str]) -> str:
    """Return a slug with a number behind it where it is taken, and take it."""
    number, found = 2, slug
    while found in taken:
        found, number = f"{slug}_{number}", number + 1
    taken.add(found)
    return found


def in_order(words: Iterable[str]) -> list[str]:
    """Sort words that are single letters, or have a number each; leave others as they are."""
    words = list(words)
    if all(len(word) == 1 and word.isalpha() for word in words):
        return sorted(words)
    found = {word: match for word in words if (match := ORDERED.fullmatch(word))}
    if len(found) < len(words):
        return words

    def key(word: str) -> tuple[str, float, int]:
        of = found[word]
        bound = of["below"] or of["above"]
        side = bool(of["above"] or of["plus"]) - bool(of["below"])
        return "" if bound else of["before"].lower(), float(of["number"].replace(",", ".")), side

    return sorted(words, key=key)


def _spaced(text: str) -> str:
    """Put blanks between the words of ``MonthlyIncome``."""
    return re.sub(CAMEL, " ", text) if re.search("[a-z][A-Z]", text) else text


def _slug(text: str) -> str:
    """Write a text in small letters, digits and ``_``; a long one ends with a whole word."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", ascii_text.lower()).strip("_")
    return (
        slug if len(slug) <= LONGEST else slug[: LONGEST + 1].rpartition("_")[0] or slug[:LONGEST]
    )
