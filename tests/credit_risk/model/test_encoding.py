"""The encoding contract, against scikit-learn's own transform."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.feature_extraction import DictVectorizer

from credit_risk.errors import EncodingError
from credit_risk.form import CATEGORIES, LIMITS, OPTIONAL_FIELDS, Application, sample_applications
from credit_risk.model import EncodedApplications, Encoder, check_rows, fingerprint
from credit_risk.model.encoding import COLUMNS, FEW
from credit_risk.training.fitting import fit_vectorizer
from lean_bento.error_response import MAX_ECHO, explain_findings

VECTORIZER = fit_vectorizer()
ENCODER = Encoder(VECTORIZER)


def numbers(field: str) -> st.SearchStrategy[float | None]:
    low, high = LIMITS[field]
    within = st.floats(low, high, width=32) | st.integers(int(low), int(high)).map(float)
    return within | st.none() if field in OPTIONAL_FIELDS else within


applications = st.fixed_dictionaries(
    {field: numbers(field) for field in LIMITS}
    | {field: st.sampled_from(list(words)) for field, words in CATEGORIES.items()}
).map(Application.model_validate)


def by_scikit_learn(application: Application) -> np.ndarray:
    record = application.model_dump(mode="json")
    return VECTORIZER.transform(
        [{field: np.nan if value is None else value for field, value in record.items()}]
    )


def test_there_are_twenty_nine_columns_in_alphabetical_order() -> None:
    assert len(COLUMNS) == 29
    assert list(COLUMNS) == sorted(COLUMNS)


@given(st.lists(applications, min_size=1, max_size=FEW + 4))
def test_every_application_is_encoded_as_scikit_learn_does(batch: list[Application]) -> None:
    expected = np.vstack([by_scikit_learn(application) for application in batch])

    encoded = ENCODER.encode(batch)

    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, expected)


@given(applications)
def test_every_encoded_application_passes_the_check_of_arrays(application: Application) -> None:
    check_rows(ENCODER.encode([application]))


def test_no_applications_make_no_rows() -> None:
    assert ENCODER.encode([]).shape == (0, 29)


def test_a_category_outside_the_vocabulary_raises_and_is_never_zeros() -> None:
    stranger = sample_applications(1)[0].model_copy(update={"home": "castle"})

    with pytest.raises(
        EncodingError, match="found the category 'castle', expected one of the vocabulary"
    ):
        ENCODER.encode([stranger])


def test_a_vectorizer_with_other_columns_is_refused() -> None:
    other = DictVectorizer().fit([{"age": 1, "shoe size": 42}])

    with pytest.raises(EncodingError, match="found 2 columns, expected 29"):
        Encoder(other)


def test_the_fingerprint_tells_the_order_of_columns() -> None:
    assert fingerprint(COLUMNS) == fingerprint(list(COLUMNS))
    assert fingerprint(COLUMNS) != fingerprint(COLUMNS[::-1])


def rows(count: int = 3) -> np.ndarray:
    return ENCODER.encode(sample_applications(count, seed=3))


def changed(column: str, value: float) -> np.ndarray:
    array = rows()
    array[1, COLUMNS.index(column)] = value
    return array


@pytest.mark.parametrize(
    ("array", "message"),
    [
        pytest.param(rows().T, r"found an array of shape \(29, 3\)", id="transposed"),
        pytest.param(rows().ravel(), r"found an array of shape \(87,\)", id="flat"),
        pytest.param(rows()[:, 1:], r"expected \(n, 29\)", id="a column short"),
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
        ("{}", "valid list|valid array"),
        ('[["1.5"]]', "valid number"),
        ("[[1, 2], [3]]", "found rows of 1 to 2 numbers, expected 29"),
        ("[1, 2]", "valid list|valid array"),
        ("null", "valid list|valid array"),
        (f"[[{'1e39,' * 28} 1e39]]", "found inf"),
        (f"[[{'NaN,' * 28} NaN]]", "finite number"),
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
    assert EncodedApplications.model_validate_json("[]").root.shape == (0, 29)
