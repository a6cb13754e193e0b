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

TODO: Final = "TODO"
"""What a drafted sentence has until a person has written it."""


class SentenceFile(dict[str, str]):
    """The sentences of a file by reason code; knows the name of the file."""

    def __init__(self, name: str, sentences: Mapping[str, str]) -> None:
        super().__init__(sentences)
        self.name = name


def read_sentences(form_file: str) -> dict[str, SentenceFile]:
    """Read the files of sentences beside a form's own file.

    Raises:
        FormError: names the file.
    """
    found = dict[str, SentenceFile]()
    for path in sorted(Path(form_file).parent.glob("reasons.*.toml")):
        try:
            sentences = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise FormError(path.name, found=str(error), expected="TOML in UTF-8") from None
        language = path.name.removeprefix("reasons.").removesuffix(".toml")
        found[language] = SentenceFile(path.name, sentences)
    return found


def check_sentences(form: str, sentences: Sentences, told: Mapping[str, bool]) -> None:
    """Check that each language has a sentence for each code, and for nothing else.

    Args:
        form: its name.
        sentences: of the form.
        told: whether an applicant can be told a reason, by its code; if not it needs no sentence.

    Raises:
        FormError: names the language and the codes.
    """
    if not sentences:
        expected = "reasons.en.toml beside the form, with a sentence for each reason code"
        raise FormError(form, found="no sentences", expected=expected)
    for language, of in sentences.items():
        place = f"{form}: {_place(language, of)}"
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


def say_undone(sentences: Sentences, told: Mapping[str, bool]) -> str:
    """Say which sentences are still a draft's; empty if none is.

    Args:
        sentences: of a form, checked.
        told: as ``check_sentences``.
    """
    found = {
        language: [code for code, text in of.items() if told[code] and TODO in text]
        for language, of in sentences.items()
    }
    several = [f"in {language}: {', '.join(of)}" for language, of in found.items() if of]
    count = sum(map(len, found.values()))
    says = (
        "sentence for applicants still says" if count == 1 else "sentences for applicants still say"
    )
    return f"{count} {says} {TODO}, {'; '.join(several)}" if several else ""


def _place(language: str, of: Mapping[str, str]) -> str:
    """Say where a person finds the sentences of a language."""
    return of.name if isinstance(of, SentenceFile) else f'sentences["{language}"] of the form'


def _is_sentence(found: object) -> bool:
    return isinstance(found, str) and bool(found.strip())
