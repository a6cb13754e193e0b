"""Shorten what others wrote, cells of a file and messages of a library, for one sentence."""

import re
import textwrap
from typing import Final

SHOWN: Final = 100  # characters of a value, and names in a list, in a message
SENTENCE: Final = 200  # characters of a sentence


def cut(text: str) -> str:
    """Shorten text from a file; the ellipsis says so."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def first_sentence(text: str) -> str:
    """Return the first sentence of a message in one line; a long one ends at a word, and says so.

    Worked example: ``Not found in the footer. Either the file`` gives ``Not found in the footer``.
    """
    line = (text.strip().splitlines() or [""])[0]
    sentence = re.split(r"[.;] ", line)[0].rstrip(".;: ")
    return textwrap.shorten(sentence, SENTENCE, placeholder=" …")
