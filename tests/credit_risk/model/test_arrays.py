"""Arrays as they come in: what no application encodes to is refused."""

import json

import numpy as np
import pytest
from course import COLUMNS, ENCODER, EncodedApplications, check_rows, sample_applications
from pydantic import ValidationError

from credit_risk.errors import EncodingError
from lean_bento.error_response import MAX_ECHO, explain_findings

WIDTH = len(COLUMNS)


def rows(count: int = 3) -> np.ndarray:
    return ENCODER.encode(sample_applications(count, seed=3))


def changed(column: str, value: float) -> np.ndarray:
    array = rows()
    array[1, COLUMNS.index(column)] = value
    return array


@pytest.mark.parametrize(
    ("array", "message"),
    [
        pytest.param(rows().T, rf"found an array of shape \({WIDTH}, 3\)", id="transposed"),
        pytest.param(rows().ravel(), rf"found an array of shape \({3 * WIDTH},\)", id="flat"),
        pytest.param(rows()[:, 1:], rf"expected \(n, {WIDTH}\)", id="a column short"),
        pytest.param(changed("age", np.nan), r"found nan in row 1, column 0 \(age\)", id="NaN"),
        pytest.param(changed("income", np.inf), r"found inf in row 1, .* or NaN", id="infinite"),
        pytest.param(changed("debt", 99_999_999), r"found 1e\+08 in row 1", id="sentinel"),
        pytest.param(changed("age", 17), "expected a number from 18 to 120", id="out of range"),
        pytest.param(changed("job=unk", 0.5), "row 1 without exactly one job=", id="half"),
    ],
)
def test_an_array_that_no_application_encodes_to_is_refused(
    array: np.ndarray, message: str
) -> None:
    with pytest.raises(EncodingError, match=message):
        check_rows(array)


def test_a_missing_number_is_null_in_lists_and_nan_in_the_array() -> None:
    array = changed("income", np.nan)
    lists = [[None if np.isnan(value) else float(value) for value in row] for row in array]

    read = EncodedApplications.model_validate_json(json.dumps(lists)).root

    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{}", "This is one object with nothing in it, not an array"),
        ('{"inputs": [1]}', "This is one object with inputs, not an array"),
        ('[["1.5"]]', "valid number"),
        ("[[1, 2], [3]]", f"found rows of 1 to 2 numbers, expected {WIDTH}"),
        ("[[1, 2, 3]]", f"found rows of 3 numbers, expected {WIDTH}"),
        ("[1, 2]", "valid list|valid array"),
        ("null", "This is a single value, not an array"),
        (f"[[{'1e39,' * (WIDTH - 1)} 1e39]]", "found inf"),
        (f"[[{'NaN,' * (WIDTH - 1)} NaN]]", "finite number"),
    ],
)
def test_lists_that_are_no_rows_of_numbers_are_refused(body: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EncodedApplications.model_validate_json(body)


def test_a_long_shape_comes_back_in_part() -> None:
    with pytest.raises(ValidationError) as error:
        EncodedApplications.model_validate(np.zeros((1,) * 62, dtype=np.float32))
    answer = explain_findings(error.value.errors()).model_dump_json()

    assert "found an array of shape (1, 1, " in answer
    assert answer.count("1, ") <= MAX_ECHO // len("1, ")


def test_an_array_of_another_dtype_is_refused() -> None:
    with pytest.raises(ValidationError, match="found an array of float64, expected float32"):
        EncodedApplications.model_validate(rows().astype(np.float64))


def test_a_big_endian_array_is_read_as_what_it_says() -> None:
    read = EncodedApplications.model_validate(rows().astype(">f4")).root

    np.testing.assert_array_equal(read, rows())


def test_no_rows_are_no_error() -> None:
    assert EncodedApplications.model_validate_json("[]").root.shape == (0, WIDTH)
