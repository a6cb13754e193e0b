"""Encoded applications as they come in: a JSON list of lists, or an array."""

from typing import Annotated, Any, ClassVar, Self, cast

import numpy as np
from pydantic import (
    ConfigDict,
    GetPydanticSchema,
    RootModel,
    ValidationError,
    ValidatorFunctionWrapHandler,
    create_model,
)
from pydantic_core import PydanticCustomError, core_schema

from credit_risk.errors import EncodingError
from credit_risk.form import Form, plain
from credit_risk.model.encoding import Rows
from lean_bento import DivisibleList, check_size, count_values, say_what_was_found

_NUMBER = core_schema.nullable_schema(core_schema.float_schema(strict=True, allow_inf_nan=False))
_LISTS = core_schema.list_schema(
    core_schema.list_schema(_NUMBER, fail_fast=True, strict=True), fail_fast=True, strict=True
)


class RowReader:
    """Reads arrays and lists into rows, and refuses what no application encodes to."""

    def __init__(self, form: Form) -> None:
        self._columns = columns = form.columns
        limits = {name: (each.low, each.high) for name, each in form.numbers.items()}
        ends = np.array([limits.get(name, (0, 1)) for name in columns], dtype=np.float32)
        self._low, self._high = ends.T
        self._may_be_missing = np.array([name in form.optional for name in columns])
        whole = {name for name, each in form.numbers.items() if each.whole}
        self._whole = [place for place, name in enumerate(columns) if name in whole]
        self._categories = list(form.categories)
        self._indicators = [place for place, name in enumerate(columns) if "=" in name]
        # (indicators, categories): 1 where the indicator belongs to the field.
        self._field_of_indicator = np.array(
            [
                [columns[place].startswith(f"{field}=") for field in self._categories]
                for place in self._indicators
            ],
            dtype=np.float32,
        ).reshape(len(self._indicators), len(self._categories))

    def read(self, value: object, read_lists: ValidatorFunctionWrapHandler) -> Rows:
        """Take an array as it is, anything else as lists of numbers; check either."""
        try:
            if isinstance(value, np.ndarray):
                if value.dtype.newbyteorder("=") != np.float32:
                    msg = f"found an array of {value.dtype}, expected float32"
                    raise EncodingError(msg)
                rows = np.ascontiguousarray(value, dtype=np.float32)
            else:
                rows = self._from_lists(read_lists(value))
            self.check(rows)
            check_size(rows=len(rows))
        except EncodingError as error:
            raise PydanticCustomError("encoding", "{problem}", {"problem": str(error)}) from None  # noqa: EM101  a type, not a message
        return rows

    def check(self, rows: Rows) -> None:
        """Refuse an array that no application encodes to.

        Args:
            rows: any float32 array.

        Raises:
            EncodingError: unless it is (n, columns) with every value inside its column's limits,
                NaN only for what may be missing, and exactly one word a category.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self._columns):  # noqa: PLR2004  rows, columns
            msg = f"found an array of shape {rows.shape!s:.40}, expected (n, {len(self._columns)})"
            raise EncodingError(msg)
        with np.errstate(invalid="ignore"):
            within = (rows >= self._low) & (rows <= self._high)
            fits = within | (np.isnan(rows) & self._may_be_missing)
            if self._whole:
                numbers = rows[:, self._whole]
                fits[:, self._whole] &= np.isnan(numbers) | (np.rint(numbers) == numbers)
        if not fits.all():
            raise self._out_of_limits(rows, fits)
        self._check_indicators(rows[:, self._indicators])

    def _out_of_limits(self, rows: Rows, fits: Any) -> EncodingError:  # noqa: ANN401  (n, columns) bool
        row, column = np.argwhere(~fits)[0]
        kind = "a whole number" if column in self._whole else "a number"
        low, high = plain(float(self._low[column])), plain(float(self._high[column]))
        missing = " or NaN" if self._may_be_missing[column] else ""
        return EncodingError(
            f"found {rows[row, column]:g} in row {row}, column {column} "
            f"({self._columns[column]}), expected {kind} from {low} to {high}{missing}"
        )

    def _check_indicators(self, indicators: Rows) -> None:
        one_of_each = indicators @ self._field_of_indicator == 1
        binary = (indicators == 0) | (indicators == 1)
        if one_of_each.all() and binary.all():
            return
        one_of_each &= ~(~binary @ self._field_of_indicator.astype(bool))
        row, place = np.argwhere(~one_of_each)[0]
        field = self._categories[place]
        msg = f"found row {row} without exactly one {field}=… column at 1, others 0"
        raise EncodingError(msg)

    def _from_lists(self, lists: list[list[float | None]]) -> Rows:
        lengths = {len(row) for row in lists}
        expected = len(self._columns)
        if lengths - {expected}:
            found = " to ".join(str(each) for each in sorted({min(lengths), max(lengths)}))
            msg = f"found rows of {found} numbers, expected {expected}"
            raise EncodingError(msg)
        with np.errstate(over="ignore"):  # what overflows is infinite, and refused by its column
            return np.array(lists, dtype=np.float32).reshape(-1, expected)


class EncodedApplications(RootModel[Any], DivisibleList):
    """Encoded applications; ``encoded_applications`` makes the model of one form's."""

    numbers_in_a_row: ClassVar[int]

    @classmethod
    def check_body(cls, body: bytes) -> None:
        """Refuse a body with more rows or values than the request may have."""
        check_size(
            rows=body.count(b"[") - 1,
            values=count_values(body),
            values_per_row=1 + cls.numbers_in_a_row,
        )

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:  # type: ignore[override]  # the rest of pydantic's arguments is not used
        """Validate a JSON list of lists of numbers.

        Raises:
            ValidationError: if it is not that, or no application encodes to one of the lists.
            BentoMLException: with status 413, if it has too many rows or values.
        """
        body = json_data.encode() if isinstance(json_data, str) else json_data
        cls.check_body(body)
        try:
            return super().model_validate_json(body)
        except ValidationError as error:
            raise say_what_was_found(error) from None

    @classmethod
    def join(cls, parts: list[Self]) -> Self:
        """Make one array of several, in order."""
        rows = np.concatenate([part.root for part in parts])
        check_size(rows=len(rows))
        return cast("Self", cls.model_construct(root=rows))


def encoded_applications(form: Form) -> type[EncodedApplications]:
    """Make the model of the encoded applications of a form."""
    count = len(form.columns)
    missing = " or ".join(name for name in form.numbers if name in form.optional)
    missing = missing.replace(" or ", ", ", max(missing.count(" or ") - 1, 0))
    null = f", null where {missing} is missing" if missing else ""
    about = f"Array of rows of {count} numbers{null}."
    reader = RowReader(form)
    schema = core_schema.no_info_wrap_validator_function(reader.read, _LISTS)
    words = {f"{field}={form.example[field]}" for field in form.categories}
    example = [form.example.get(name, int(name in words)) for name in form.columns]

    def describe(described: dict[str, Any]) -> None:
        described["examples"] = [[[int(n) if isinstance(n, bool) else n for n in example]]]
        described["items"] |= {"minItems": count, "maxItems": count}
        described["description"] = f"{about} In order: {', '.join(form.columns)}."

    class Described(EncodedApplications):
        model_config = ConfigDict(json_schema_extra=describe)
        numbers_in_a_row = count

    return create_model(
        EncodedApplications.__name__,  # in the OpenAPI document
        __base__=Described,
        __doc__=about,
        __module__=__name__,
        root=(Annotated[Rows, GetPydanticSchema(lambda *_: schema)], ...),
    )
