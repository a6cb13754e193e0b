"""Many applications in one body, in which a bad row refuses none of the others.

What bad rows cost is bounded, whatever they hold: a body with more values than its rows could need
is refused before it is parsed, bad rows are counted while they are read, and an answer explains
so many problems and no more. Knows nothing of HTTP: what is raised above the limit comes from
outside.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Final, Protocol, Self, cast

from pydantic import (
    ConfigDict,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    RootModel,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import SchemaValidator, core_schema

from credit_risk.form.application import COURSE_EXAMPLE, RISKY_EXAMPLE, Application, repeated
from lean_bento.codecs.duplicate_keys import duplicate_keys
from lean_bento.error_response import ErrorResponse, refuse

__all__ = ["ApplicationBatch", "RowLimit", "Unlimited", "count_values", "explain"]

MOST_PROBLEMS: Final = 2_000
"""That one answer explains: some 20 milliseconds, a quarter of a megabyte."""

UNEXPLAINED: Final = ErrorResponse(
    error=f"This application is not valid; one answer explains {MOST_PROBLEMS} problems at most."
)

FIELDS_SET: Final = attrgetter("__pydantic_fields_set__")


class RowLimit(Protocol):
    """How many rows a body may have."""

    def check(self, *, rows: int = 0, values: int = 0) -> None:
        """Raise something if there are more rows, or more values than those rows need."""


class Unlimited:
    """Takes every body."""

    def check(self, *, rows: int = 0, values: int = 0) -> None:
        """Let it in."""


def count_values(body: bytes) -> int:
    """Count what is in a JSON document, unparsed: all its values, lists and objects, or more.

    Parsed they take up to a hundred times the memory that they take as text.
    """
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _keep_error(value: object, validate: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:  # noqa: ANN401  an Application, or what is wrong with it
    count_row: Callable[[], None] | None = info.context
    if count_row:
        count_row()
    try:
        return validate(value)
    except ValidationError as error:
        return error


def _each_alone(_: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    alone = core_schema.with_info_wrap_validator_function(_keep_error, handler(Application))
    return core_schema.list_schema(alone, strict=True)


ALL_GOOD: Final = SchemaValidator(
    core_schema.list_schema(Application.__pydantic_core_schema__, strict=True, fail_fast=True)
)
"""Reads rows none of which is bad, in half the time."""


class ApplicationBatch(
    RootModel[Annotated[list[Application | ValidationError], GetPydanticSchema(_each_alone)]]
):
    """Many applications; a bad one among them does not refuse the others."""

    model_config = ConfigDict(json_schema_extra={"examples": [[COURSE_EXAMPLE, RISKY_EXAMPLE]]})
    limit: ClassVar[RowLimit] = Unlimited()

    @classmethod
    def check_size(cls, body: bytes) -> None:
        """Raise what the limit raises, if a body is too large to be parsed."""
        cls.limit.check(values=count_values(body))

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:  # type: ignore[override]  # the rest of pydantic's arguments would cost more than the check
        """Validate a JSON list; a row in which a field stands twice is a bad row.

        Raises:
            ValidationError: if it is no list.
            Exception: what the limit raises.
        """
        body = json_data.encode() if isinstance(json_data, str) else json_data
        cls.check_size(body)
        with suppress(ValidationError):
            rows = ALL_GOOD.validate_json(body)
            # As in an application: each colon is one field.
            if body.count(b":") == sum(map(len, map(FIELDS_SET, rows))):
                return cast("Self", cls.model_construct(root=rows))
        return cls._read_each(body)

    @classmethod
    def _read_each(cls, body: bytes) -> Self:
        numbers = count(1)
        batch: Self = cls.__pydantic_validator__.validate_json(
            body, context=lambda: cls.limit.check(rows=next(numbers))
        )
        rows = batch.root
        # Parsed again only where it matters: a row that is bad already needs no other reason.
        if any(isinstance(row, Application) for row in rows):
            for place, names in enumerate(duplicate_keys(body)):
                if names and isinstance(rows[place], Application):
                    rows[place] = repeated(names)
        return batch

    @classmethod
    def join(cls, parts: "list[ApplicationBatch]") -> "ApplicationBatch":
        """Make one batch of several, in order."""
        return cls.model_construct(root=[row for part in parts for row in part.root])


def explain(errors: Iterable[ValidationError]) -> Iterator[ErrorResponse]:
    """Say what is wrong with each bad row, as far as one answer has room."""
    left = MOST_PROBLEMS
    for error in errors:
        if error.error_count() > left:
            yield UNEXPLAINED
        else:
            left -= error.error_count()
            yield refuse(error.errors(include_url=False, include_context=False), Application)
