"""Sentences for the applicant: a file a language, beside the form.

``reasons.<language>.toml`` has a sentence for each reason code::

    INCOME = "Your income is low for the loan you have applied for."
    INCOME_NOT_STATED = "Your income was not stated in your application."
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from credit_risk.errors import FormError

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
        found[path.name.split(".")[1]] = sentences
    return found


def check_sentences(form: str, sentences: Sentences, codes: Iterable[str]) -> None:
    """Check that each language has a sentence for each code, and for nothing else.

    Raises:
        FormError: names the language and the code.
    """
    if not sentences:
        expected = "reasons.en.toml beside the form, with a sentence for each reason code"
        raise FormError(form, found="no sentences", expected=expected)
    known = list(codes)
    for language, of in sentences.items():
        place = f"{form}: reasons.{language}.toml"
        for code in known:
            if not isinstance(of.get(code), str) or not of[code].strip():
                raise FormError(place, found=f"no sentence for {code}", expected="one")
        if odd := sorted(of.keys() - set(known)):
            expected = f"one of {', '.join(known)}"
            raise FormError(place, found=f"a sentence for {odd[0]}", expected=expected)
