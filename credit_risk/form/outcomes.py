"""Guess which codes of an outcome mean a default, which repaid, and which are not yet known."""

import re
from collections import Counter
from typing import Final

from credit_risk.errors import DataError
from credit_risk.form.guess import MOST_WORDS, Column
from credit_risk.form.naming import codes, quoted

KNOWN: Final = {
    "default": r"1|2|b|bad|default(ed)?|yes|y|true|(charged|written).?off",
    "repaid": r"0|g|good|no|n|false|(fully )?(re)?paid( off| back)?|closed",
}
"""Whole texts, by what they mean."""
OPEN: Final = re.compile(
    r"\b(current|grace|late|issued|open|active|pending|ongoing|running|overdue|arrears|unknown"
    r"|in.progress|laufend|offen)\b",
    re.IGNORECASE,
)
"""In the text of a loan that has not ended, unless it speaks of paid."""
MEANINGS: Final = ("default", "repaid", "unknown")


def guess_outcome(file: str, column: Column) -> tuple[str, str]:
    """Write the arguments of ``Outcome``, and what the guess is not sure of; empty if of nothing.

    Raises:
        DataError: if the column has not the values of an outcome.
    """
    counts = column.words
    if not 2 <= len(counts) <= MOST_WORDS:  # noqa: PLR2004  at least default and repaid
        found = f"found {len(counts)} different values"
        problem = f"{found}, expected those of an outcome, such as good and bad"
        raise DataError(file, f"{problem}; name another column", column=column.name)
    meant = _known(counts)
    unsure = _guess_others(meant, counts)
    every = {meaning: [code for code in counts if meant[code] == meaning] for meaning in MEANINGS}
    every["unknown"] = [*column.missing, *every["unknown"]]
    said = [f"{meaning}={codes(of)}" for meaning, of in every.items() if of]
    doubts = [
        f"{quoted(code)} ({counts[code]:,} row{'s'[: counts[code] > 1]}, taken as {meant[code]})"
        for code in unsure
    ]
    return ", ".join([f"column={quoted(column.name)}", *said]), ", ".join(doubts)


def _known(counts: Counter[str]) -> dict[str, str]:
    """Return the meaning of each code that says it itself; empty for the others."""
    numbered = {"1", "2"} <= counts.keys()  # either may be the default
    meant = dict.fromkeys(counts, "")
    for code in counts:
        if numbered and code in {"0", "1", "2"}:
            meant[code] = "unknown" if code == "0" else ""
        elif len(counts) > 2 and OPEN.search(code) and "paid" not in code.lower():  # noqa: PLR2004
            meant[code] = "unknown"
        else:
            text = code.lower()
            meant[code] = next((m for m, known in KNOWN.items() if re.fullmatch(known, text)), "")
    return meant


def _guess_others(meant: dict[str, str], counts: Counter[str]) -> list[str]:
    """Give every other code a meaning, such that there are defaults and repaid; return them."""
    unsure = [code for code in counts if not meant[code]]
    for meaning, choose in (("default", min), ("repaid", max)):
        if meaning not in meant.values():
            free = [code for code in unsure if not meant[code]]
            others = [code for code in counts if meant[code] == "unknown"] or [*counts]
            code = choose(free or others, key=lambda each: counts[each])
            meant[code] = meaning
            unsure += [] if code in unsure else [code]
    for code in unsure:
        meant[code] = meant[code] or "unknown"
    return unsure
