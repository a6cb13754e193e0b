"""Sentences for the applicant: a file a language, beside the form.

``reasons.<language>.toml`` has a sentence for each reason code::

    INCOME = "Your income is low for the loan you have applied for."
    INCOME_NOT_STATED = "Your income was not stated in your application."
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from credit_risk.errors import FormError

LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")

NOT_STATED: Final = "_NOT_STATED"
"""What the code of a number has at its end where the number is missing."""

Sentences = Mapping[str, Mapping[str, str]]
"""Sentences by language and reason code."""


def read_sentences(form_file: str) -> dict[str, dict[str, str]]:
    """Read the files of sentences beside a form's own file.

    Raises:
        FormError: names the file.
    """
    found = {}
    for path in sorted(Path(form_file).parent.glob("reasons.*.toml")):
        try:
            sentences = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FormError(path.name, found=str(error), expected="TOML in UTF-8") from None
        found[path.name.removeprefix("reasons.").removesuffix(".toml")] = sentences
    return found


def check_sentences(form: str, sentences: Sentences, told: Mapping[str, bool]) -> None:
    """Check that each language has a sentence for each code, and for nothing else.

    Args:
        form: its name.
        sentences: of the form.
        told: whether the applicant is told a reason, by its code; if not it needs no sentence.

    Raises:
        FormError: names the language and the codes.
    """
    if not sentences:
        expected = "reasons.en.toml beside the form, with a sentence for each reason code"
        raise FormError(form, found="no sentences", expected=expected)
    for language, of in sentences.items():
        place = f"{form}: reasons.{language}.toml"
        if not LANGUAGE.fullmatch(language):
            expected = "a language as en or pt-BR"
            raise FormError(place, found=f"the language {language!r}", expected=expected)
        without = [code for code in told if not _is_sentence(of.get(code))]
        if lacking := [code for code in without if told[code] or code in of]:
            found = f"no sentence for {', '.join(lacking)}"
            raise FormError(place, found=found, expected="one for each reason code")
        if odd := sorted(of.keys() - told.keys()):
            expected = f"one of {', '.join(told)}"
            raise FormError(place, found=f"a sentence for {odd[0]}", expected=expected)


def _is_sentence(found: object) -> bool:
    return isinstance(found, str) and bool(found.strip())
