"""The one shape of every error answer, and how pydantic's findings are put into it.

``{"error": "<one sentence>", "detail": [{"field", "message", "expected"}, ...]}``

``expected`` is the description of the field in the model that refused it, or else of the model.
"""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

MAX_ECHO = 100
"""Most characters of a client's own text in an answer."""
REPHRASED = {
    "extra_forbidden": "There is no such field",
    "model_type": "This is not a JSON object",
}
MAX_PROBLEMS = 50
"""Most entries of ``detail``; well above the number of fields."""


class Problem(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where: a field's name, or row and column; empty for the body.")
    message: str = Field(description="What is wrong there.")
    expected: str | None = Field(None, description="What would have been accepted.")

    def __str__(self) -> str:
        """Write it as one clause."""
        place = f"{self.field}: " if self.field else ""
        return f"{place}{self.message}{self.expected and f', expected {self.expected}'}"


class ErrorResponse(BaseModel):
    """Every error answer, whatever its origin."""

    model_config = ConfigDict(frozen=True)

    error: str = Field(description="One sentence.")
    detail: list[Problem] = Field(
        default_factory=list, description="Each single problem, where there are several places."
    )
    line: int | None = Field(
        None,
        exclude_if=lambda line: line is None,
        description="Only of a row of CSV: the line where it begins, the header's being 1.",
    )

    def as_text(self) -> str:
        """Put everything into one text, for a cell of a table."""
        return "; ".join(map(str, self.detail)) or self.error


def echo(text: object) -> str:
    """Cut a client's own text to half of ``MAX_ECHO``, since an answer may hold it twice."""
    return _cut(str(text), MAX_ECHO // 2)


def explain_findings(
    findings: Iterable[Mapping[str, Any]], model: type[BaseModel] | None = None
) -> ErrorResponse:
    """Make one error answer of pydantic's findings; it names every wrong field.

    Args:
        findings: ``ValidationError.errors()``: mappings with ``type``, ``loc`` and ``msg``.
        model: that made the findings; None if it is not known.
    """
    findings = list(findings)
    known = {*model.model_fields} if model else set()
    left = MAX_ECHO // 2  # a name stands in the sentence and in detail
    problems = []
    for finding in findings[:MAX_PROBLEMS]:
        place = ".".join(map(str, finding["loc"]))
        if place not in known:
            place = _cut(place, left)
            left -= len(place)
        problems.append(_problem(finding, place, model))
    if len(findings) > MAX_PROBLEMS:
        rest = len(findings) - MAX_PROBLEMS + 1
        expected = _expected((), model)
        problems[-1] = Problem(field="", message=f"and {rest} more", expected=expected)
    places = ", ".join(dict.fromkeys(problem.field for problem in problems if problem.field))
    if not places:
        return ErrorResponse(error=_sentence(problems), detail=problems)
    return ErrorResponse(error=f"The request is not valid: see {places}.", detail=problems)


def _problem(finding: Mapping[str, Any], place: str, model: type[BaseModel] | None) -> Problem:
    message = REPHRASED.get(finding["type"], str(finding["msg"]))
    return Problem(
        field=place,
        message=_cut(message, 3 * MAX_ECHO),
        expected=_expected(tuple(finding["loc"]), model),
    )


def _expected(loc: tuple[int | str, ...], model: type[BaseModel] | None) -> str | None:
    if model is None:
        return None
    if issubclass(model, RootModel):
        return cleandoc(model.__doc__ or "").partition("\n")[0].rstrip(".")
    names = f"the fields {', '.join(model.model_fields)}"
    if not loc:
        return f"a JSON object with {names}"
    field = model.model_fields.get(str(loc[0]))
    return field.description if field else f"one of {names}"


def _sentence(problems: list[Problem]) -> str:
    return f"{problems[0].message}." if problems else "The request is not valid."


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: max(length - 1, 0)]}…"
