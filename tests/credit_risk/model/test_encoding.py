"""The encoding contract, against scikit-learn's own transform."""

import numpy as np
import pytest
from course import (
    CATEGORIES,
    COLUMNS,
    ENCODER,
    FORM,
    LIMITS,
    OPTIONAL_FIELDS,
    Application,
    check_rows,
    sample_applications,
)
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction import DictVectorizer

from credit_risk.errors import EncodingError
from credit_risk.model import check_columns, fingerprint
from credit_risk.model.encoding import FEW
from credit_risk.training.fitting import fit_vectorizer

VECTORIZER = fit_vectorizer(FORM)


def numbers(field: str) -> st.SearchStrategy[float | None]:
    low, high = LIMITS[field]
    within = st.integers(int(low), int(high)).map(float)
    within = within if FORM.numbers[field].whole else st.floats(low, high, width=32) | within
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


def test_columns_are_in_alphabetical_order() -> None:
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
    assert ENCODER.encode([]).shape == (0, len(COLUMNS))


def test_a_category_outside_the_vocabulary_raises_and_is_never_zeros() -> None:
    stranger = sample_applications(1)[0].model_copy(update={"home": "castle"})

    with pytest.raises(EncodingError, match="found the word 'castle', expected one of the form's"):
        ENCODER.encode([stranger])


@pytest.mark.parametrize("rows", [1, FEW + 4], ids=["few", "many"])
@pytest.mark.parametrize("field", ["income", "marital"])
def test_a_field_that_is_not_there_raises_and_is_never_zeros(field: str, rows: int) -> None:
    record = vars(sample_applications(1)[0])
    short = {name: value for name, value in record.items() if name != field}

    with pytest.raises(EncodingError, match=f"found no field '{field}', expected every field"):
        ENCODER.encode_mappings([record, short] * rows)


def test_a_vectorizer_with_other_columns_is_refused() -> None:
    other = DictVectorizer().fit([{"age": 1, "shoe size": 42}])

    with pytest.raises(EncodingError, match=f"found 2 columns, expected {len(COLUMNS)}"):
        check_columns(FORM, other)


def test_the_fingerprint_tells_the_order_of_columns() -> None:
    assert fingerprint(COLUMNS) == fingerprint(list(COLUMNS))
    assert fingerprint(COLUMNS) != fingerprint(COLUMNS[::-1])
