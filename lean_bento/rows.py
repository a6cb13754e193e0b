"""Lists of rows: each row is validated alone, so that a bad one leaves the others valid.

The cost of a body is limited whatever it holds. A body with more values than its rows could need
is refused before it is parsed. Rows, also bad ones, are counted while they are read. One answer
explains a limited number of problems.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from itertools import count
from json import dumps
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Final, Generic, Self, TypeVar, cast, get_args

from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    PrivateAttr,
    RootModel,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, SchemaValidator, core_schema

from lean_bento.codecs.duplicate_keys import UniqueKeys, duplicate_keys
from lean_bento.codecs.tables import harmless, read_split
from lean_bento.error_response import ErrorResponse, echo, explain_findings
from lean_bento.request_context import current

MAX_PROBLEMS: Final = 2_000
"""Problems that one answer explains; they cost some 20 milliseconds and 250 KB."""

UNEXPLAINED: Final = ErrorResponse(
    error=f"This row is not valid; one answer explains {MAX_PROBLEMS} problems at most."
)

FIELDS_SET: Final = attrgetter("__pydantic_fields_set__")

Row = TypeVar("Row", bound=UniqueKeys)
Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class RowLimit:
    """Limit of the rows of one request.

    Attributes:
        rows: at most.
    """

    rows: int

    def check(self, *, rows: int = 0, values: int = 0, values_per_row: int = 1) -> None:
        """Check the number of rows or of values of a body.

        Raises:
            BentoMLException: with status 413, if there are more rows than the limit, or more
                values than that many rows of ``values_per_row`` values need.
        """
        if rows > self.rows:
            found = f"more than {self.rows} rows"
        elif values > self.rows * values_per_row:
            found = f"{values} values, which {self.rows} rows do not need"
        else:
            return
        from bentoml.exceptions import BentoMLException  # noqa: PLC0415  only a service needs it

        msg = f"The body has {found}: send at most {self.rows} rows at once."
        raise BentoMLException(msg, error_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def check_size(*, rows: int = 0, values: int = 0, values_per_row: int = 1) -> None:
    """Check a body against the row limit of the current request, if it has one.

    Raises:
        BentoMLException: as ``RowLimit.check``.
    """
    context = current()
    if context and context.row_limit:
        context.row_limit.check(rows=rows, values=values, values_per_row=values_per_row)


def count_values(body: bytes) -> int:
    """Count the values, lists and objects of a JSON document without parsing; an upper bound.

    Parsed values take up to a hundred times the memory of their text.
    """
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def say_what_was_found(error: ValidationError) -> ValidationError:
    """Say what a body is that should be a list; any other error stays as it is."""
    (finding, *_) = error.errors(include_url=False, include_context=False)
    if finding["loc"] or finding["type"] != "list_type":
        return error
    body, found = finding["input"], "a single value"
    if isinstance(body, dict):
        found = f"one object with {echo(', '.join(body)) or 'nothing in it'}"
    message = PydanticCustomError("list_type", "This is {found}, not an array", {"found": found})
    detail = InitErrorDetails(type=message, loc=(), input=None)
    return ValidationError.from_exception_data(error.title, [detail])


class DivisibleList:
    """A model of a JSON list that can be read part by part."""

    @classmethod
    @abstractmethod
    def check_body(cls, body: bytes) -> None:
        """Refuse a body that is too large to be parsed; a part cannot know the size of all."""

    @classmethod
    @abstractmethod
    def join(cls, parts: list[Self]) -> Self:
        """Make one list of parts, in order."""


def _keep_error(value: object, validate: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:  # noqa: ANN401  a row, or its error
    if isinstance(value, ValidationError):  # of a row of a table that is no row
        return value
    count_row: Callable[[], None] | None = info.context
    if count_row:
        count_row()
    try:
        return validate(value)
    except ValidationError as error:
        return error


def _row_of(rows: Any) -> Any:  # noqa: ANN401  list[Row | ValidationError] to Row
    return get_args(get_args(rows)[0])[0]


def _each_alone(source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401  pydantic's signature
    alone = core_schema.with_info_wrap_validator_function(_keep_error, handler(_row_of(source)))
    return core_schema.list_schema(alone, strict=True)


@cache
def _all_good(row: type[BaseModel]) -> SchemaValidator:
    """Make a validator that fails at the first bad row; it takes half the time."""
    schema = core_schema.list_schema(row.__pydantic_core_schema__, strict=True, fail_fast=True)
    return SchemaValidator(schema)


class RowBatch(
    RootModel[Annotated[list[Row | ValidationError], GetPydanticSchema(_each_alone)]],
    DivisibleList,
    Generic[Row],
):
    """A JSON list of objects, each validated alone."""

    row_model: ClassVar[type[UniqueKeys]]
    values_per_row: ClassVar[int]
    _lines: list[int] = PrivateAttr(default_factory=list)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Keep the model of a row, and the most values of one: bad rows may have twice as many."""
        row = _row_of(cls.model_fields["root"].annotation)
        if isinstance(row, type):
            cls.row_model = row
            cls.values_per_row = 2 * (len(cls.row_model.model_fields) + 2)

    @classmethod
    def check_body(cls, body: bytes) -> None:
        """Refuse a body with more values than its rows could need."""
        check_size(values=count_values(body), values_per_row=cls.values_per_row)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:  # type: ignore[override]  # the rest of pydantic's arguments would cost more than the check
        """Validate a JSON list; a row that has a key twice is a bad row.

        Raises:
            ValidationError: if it is no list.
            BentoMLException: with status 413, if it has too many rows or values.
        """
        body = json_data.encode() if isinstance(json_data, str) else json_data
        cls.check_body(body)
        with suppress(ValidationError):
            rows = _all_good(cls.row_model).validate_json(body)
            # Each colon belongs to one field, unless a text has one: only then read it again.
            if body.count(b":") == sum(map(len, map(FIELDS_SET, rows))):
                check_size(rows=len(rows))
                return cast("Self", cls.model_construct(root=rows))
        return cls._read_each(body)

    @classmethod
    def _read_each(cls, body: bytes) -> Self:
        numbers = count(1)
        try:
            batch: Self = cls.__pydantic_validator__.validate_json(
                body, context=lambda: check_size(rows=next(numbers))
            )
        except ValidationError as error:
            if error.errors(include_url=False)[0]["type"] == "list_type":
                rows_of_table = read_split(body, cls.row_model)
                if rows_of_table is not None:
                    return cls.of_rows(list(rows_of_table))
            raise say_what_was_found(error) from None
        rows = batch.root
        # Parsed again only if a row is good: a bad row needs no second error.
        if any(isinstance(row, cls.row_model) for row in rows):
            for place, names in enumerate(duplicate_keys(body)):
                if names and isinstance(rows[place], cls.row_model):
                    rows[place] = cls.row_model.duplicates(names)
        return batch

    @classmethod
    def of_rows(
        cls, rows: Sequence[Mapping[str, Any] | ValidationError], lines: Sequence[int] = ()
    ) -> Self:
        """Validate the rows of a table: their fields, or why a row has none.

        Raises:
            BentoMLException: with status 413, if there are too many.
        """
        check_size(rows=len(rows))
        try:
            valid = _all_good(cls.row_model).validate_python(rows)
        except ValidationError:
            valid = cls.__pydantic_validator__.validate_python(rows).root
        batch = cast("Self", cls.model_construct(root=valid))
        batch._lines.extend(lines)  # noqa: SLF001  its own
        return batch

    @classmethod
    def join(cls, parts: list[Self]) -> Self:
        """Make one batch of several, in order."""
        rows = [row for part in parts for row in part.root]
        check_size(rows=len(rows))
        batch = cast("Self", cls.model_construct(root=rows))
        batch._lines.extend(line for part in parts for line in part.lines)  # noqa: SLF001  its own
        return batch

    @property
    def lines(self) -> list[int]:
        """Line where each row begins, in a table of lines; empty in any other."""
        return self._lines

    def good_rows(self) -> list[Row]:
        """List the valid rows."""
        return [row for row in self.root if not isinstance(row, ValidationError)]

    def errors(self) -> list[ValidationError]:
        """List the errors of the rows that are not valid."""
        return [row for row in self.root if isinstance(row, ValidationError)]

    def in_place(self, answers: Iterable[Any]) -> list[Any]:
        """List the answer to each good row and the error of each bad row, in the order of rows.

        Args:
            answers: to the good rows, in order.
        """
        good = iter(answers)
        bad = explain_rows(self.errors(), self.row_model)
        found = [next(bad if isinstance(row, ValidationError) else good) for row in self.root]
        if not self.lines:
            return found
        return [
            each.model_copy(update={"line": line}) if isinstance(each, ErrorResponse) else each
            for each, line in zip(found, self.lines, strict=True)
        ]


def explain_rows(
    errors: Iterable[ValidationError], row_model: type[BaseModel]
) -> Iterator[ErrorResponse]:
    """Explain each bad row, up to ``MAX_PROBLEMS`` problems in all."""
    left = MAX_PROBLEMS
    for error in errors:
        if error.error_count() > left:
            yield UNEXPLAINED
        else:
            left -= error.error_count()
            findings = error.errors(include_url=False, include_context=False)
            yield explain_findings(findings, row_model)


def written_as_is(source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401  pydantic's signature
    """Write each entry by its own type: plain dictionaries are allowed, and no union is tried."""
    schema: dict[str, Any] = dict(handler(source))
    schema["serialization"] = core_schema.simple_ser_schema("any")
    return cast("core_schema.CoreSchema", schema)


class RowAnswers(
    RootModel[Annotated[list[Answer | ErrorResponse], GetPydanticSchema(written_as_is)]],
    Generic[Answer],
):
    """The answer or the error of each row, in the order of the rows."""

    _lines: list[int] = PrivateAttr(default_factory=list)

    @classmethod
    def of(cls, rows: list[Any], lines: Sequence[int] = ()) -> Self:
        """Hold answers without validating.

        Args:
            rows: the fields of an ``Answer`` each, or an ``ErrorResponse``.
            lines: where each row begins in the request; nothing where that has no lines.
        """
        answers = cast("Self", cls.model_construct(root=rows))
        answers._lines.extend(lines)  # noqa: SLF001  its own
        return answers

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the names of an ``Answer``'s fields, which are the columns of a table."""
        return tuple(_row_of(cls.model_fields["root"].annotation).model_fields)

    @classmethod
    def cells_of(cls, answer: Mapping[str, Any]) -> list[Any]:
        """Return an answer as the cells of a table; what is no text and no number becomes JSON.

        A text that a spreadsheet would run gets an apostrophe in front.
        """
        values = [answer.get(column) for column in cls.columns()]
        values = [dumps(each) if isinstance(each, list | dict) else each for each in values]
        return [harmless(each) if isinstance(each, str) else each for each in values]

    @property
    def lines(self) -> list[int]:
        """Line of the request where each row begins; empty where that has no lines."""
        return self._lines
