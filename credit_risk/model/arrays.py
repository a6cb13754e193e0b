"""Encoded applications as they come in: a JSON list of lists, or an array."""

from typing import Annotated, Any, Self, cast

import numpy as np
from pydantic import (
    ConfigDict,
    GetPydanticSchema,
    RootModel,
    ValidationError,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import PydanticCustomError, core_schema

from credit_risk.errors import EncodingError
from credit_risk.form import CATEGORIES, COLUMNS, COURSE_EXAMPLE, LIMITS, OPTIONAL_FIELDS
from credit_risk.model.encoding import Rows
from lean_bento import DivisibleList, check_size, count_values, say_what_was_found

_LOW = np.array([LIMITS.get(name, (0, 1))[0] for name in COLUMNS], dtype=np.float32)
_HIGH = np.array([LIMITS.get(name, (0, 1))[1] for name in COLUMNS], dtype=np.float32)
_MAY_BE_MISSING = np.array([name in OPTIONAL_FIELDS for name in COLUMNS])
_INDICATORS = [place for place, name in enumerate(COLUMNS) if "=" in name]
_FIELD_OF_INDICATOR = np.array(
    [[COLUMNS[place].startswith(f"{field}=") for field in CATEGORIES] for place in _INDICATORS],
    dtype=np.float32,
)
"""(20, 4): 1 where the indicator belongs to the field."""


def check_rows(rows: Rows) -> None:
    """Refuse an array that no application encodes to.

    Args:
        rows: any float32 array.

    Raises:
        EncodingError: unless it is (n, 29) with every value inside its column's limits, NaN
            only for income, assets and debt, and exactly one category per categorical field.
    """
    if rows.ndim != 2 or rows.shape[1] != len(COLUMNS):  # noqa: PLR2004  two axes: rows, columns
        msg = f"found an array of shape {rows.shape!s:.40}, expected (n, {len(COLUMNS)})"
        raise EncodingError(msg)
    with np.errstate(invalid="ignore"):
        fits = ((rows >= _LOW) & (rows <= _HIGH)) | (np.isnan(rows) & _MAY_BE_MISSING)
    if not fits.all():
        row, column = np.argwhere(~fits)[0]
        missing = " or NaN" if _MAY_BE_MISSING[column] else ""
        msg = (
            f"found {rows[row, column]:g} in row {row}, column {column} ({COLUMNS[column]}), "
            f"expected a number from {_LOW[column]:.0f} to {_HIGH[column]:.0f}{missing}"
        )
        raise EncodingError(msg)
    indicators = rows[:, _INDICATORS]
    one_of_each = indicators @ _FIELD_OF_INDICATOR == 1
    binary = (indicators == 0) | (indicators == 1)
    if not (one_of_each.all() and binary.all()):
        one_of_each &= ~(~binary @ _FIELD_OF_INDICATOR.astype(bool))
        row, place = np.argwhere(~one_of_each)[0]
        field = list(CATEGORIES)[place]
        msg = f"found row {row} without exactly one {field}=… column at 1, others 0"
        raise EncodingError(msg)


def _rows_of(value: object, read_lists: ValidatorFunctionWrapHandler) -> Rows:
    """Take an array as it is, anything else as lists of numbers; check either."""
    try:
        if isinstance(value, np.ndarray):
            if value.dtype.newbyteorder("=") != np.float32:
                msg = f"found an array of {value.dtype}, expected float32"
                raise EncodingError(msg)
            rows = np.ascontiguousarray(value, dtype=np.float32)
        else:
            rows = _from_lists(read_lists(value))
        check_rows(rows)
        check_size(rows=len(rows))
    except EncodingError as error:
        raise PydanticCustomError("encoding", "{problem}", {"problem": str(error)}) from None  # noqa: EM101  a type, not a message
    return rows


def _from_lists(lists: list[list[float | None]]) -> Rows:
    lengths = {len(row) for row in lists}
    if lengths - {len(COLUMNS)}:
        found = " to ".join(str(each) for each in sorted({min(lengths), max(lengths)}))
        msg = f"found rows of {found} numbers, expected {len(COLUMNS)}"
        raise EncodingError(msg)
    with np.errstate(over="ignore"):  # what overflows is infinite, and refused by its column
        return np.array(lists, dtype=np.float32).reshape(-1, len(COLUMNS))


_NUMBER = core_schema.nullable_schema(core_schema.float_schema(strict=True, allow_inf_nan=False))
_LISTS = core_schema.list_schema(
    core_schema.list_schema(_NUMBER, fail_fast=True, strict=True), fail_fast=True, strict=True
)


def _describe_array(schema: dict[str, Any]) -> None:
    words = {f"{field}={COURSE_EXAMPLE[field]}" for field in CATEGORIES}
    example = [COURSE_EXAMPLE.get(name, int(name in words)) for name in COLUMNS]
    schema["examples"] = [[example]]
    schema["items"] |= {"minItems": len(COLUMNS), "maxItems": len(COLUMNS)}
    schema["description"] = f"{EncodedApplications.__doc__} In order: {', '.join(COLUMNS)}."


class EncodedApplications(
    RootModel[
        Annotated[
            Rows,
            GetPydanticSchema(
                lambda *_: core_schema.no_info_wrap_validator_function(_rows_of, _LISTS)
            ),
        ]
    ],
    DivisibleList,
):
    """Array of rows of 29 numbers, null where income, assets or debt is missing."""

    model_config = ConfigDict(json_schema_extra=_describe_array)

    @classmethod
    def check_body(cls, body: bytes) -> None:
        """Refuse a body with more rows or values than the request may have."""
        check_size(
            rows=body.count(b"[") - 1, values=count_values(body), values_per_row=1 + len(COLUMNS)
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
