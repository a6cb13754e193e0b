"""What comes in: the pydantic models of one application and of many, made of a form's fields."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, cast

from pydantic import ConfigDict, Field, create_model

from credit_risk.form import fields as declared
from lean_bento import RowBatch, UniqueKeys

Example = Mapping[str, Any]

REFERENCE: Final = "reference"
"""Field of every application: the lender's own number of it, which no model sees."""

Reference = Annotated[
    str | None,
    Field(
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$",
        description="The lender's own number of the application, echoed and logged: at most 64 "
        "letters, digits and . _ : / -, a letter or digit first; null or absent for none",
    ),
]


def wire_model(about: str, fields: Sequence[declared.Field], example: Example) -> type[UniqueKeys]:
    """Make the model of one application; numbers are JSON numbers, not text."""

    class Form(UniqueKeys):
        model_config = ConfigDict(
            extra="forbid",
            strict=True,
            allow_inf_nan=False,
            json_schema_extra={"examples": [dict(example)]},
        )

    typed: dict[str, Any] = {each.name: _typed(each) for each in fields}
    typed[REFERENCE] = (Reference, None)
    return create_model("Application", __base__=Form, __doc__=about, __module__=__name__, **typed)


def batch_model(
    application: type[UniqueKeys], examples: Sequence[Example]
) -> "type[RowBatch[Any]]":
    """Make the model of many applications."""

    class ApplicationBatch(RowBatch[application]):  # type: ignore[valid-type]  # made of a form
        """Array of applications, one object each; a bad one does not refuse the others."""

        model_config = ConfigDict(json_schema_extra={"examples": [[dict(e) for e in examples]]})

    return ApplicationBatch


def _typed(each: declared.Field) -> Any:  # noqa: ANN401  as pydantic takes them
    """Return type and description of a field.

    Literals and not enumerations: pydantic checks them faster, a quarter less time for an
    application, and plain text is written as JSON faster.
    """
    limits: dict[str, Any] = {}
    if isinstance(each, declared.Category):
        kind: Any = Literal[tuple(each.words)]
        accepted = f"one of {', '.join(each.words)}"
    elif isinstance(each, declared.YesNo):
        kind, accepted = bool, "true or false"
    else:
        number = cast("declared.Number", each)
        low, high = declared.plain(number.low), declared.plain(number.high)
        kind, limits = float, {"ge": number.low, "le": number.high}
        limits |= {"multiple_of": 1} if number.whole else {}
        accepted = f"{'whole ' if number.whole else ''}number from {low} to {high}"
        accepted = f"{number.unit}: a {accepted}"
    separator = ", " if limits else ": "
    about = f"{each.meaning}{separator}{accepted}"
    if isinstance(each, declared.Category) or not each.optional:
        return kind, Field(description=about, **limits)
    # A marker that is text could not be sent as a number anyway.
    numbers = [code for code in map(str, each.missing) if code.lstrip("-").isdigit()]
    codes = f", never {' or '.join(numbers)}" if numbers else ""
    about += f"; null or absent when not known{codes}"
    return kind | None, Field(None, description=about, **limits)
