"""Only a DictVectorizer is read; nothing that a pickle names is run."""

import pickle
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
from course import FORM
from sklearn.feature_extraction import DictVectorizer

from credit_risk.registry.restricted_pickle import read_custom_objects
from credit_risk.training.fitting import fit_vectorizer


def test_the_vectorizer_is_read_with_its_columns_in_order() -> None:
    vectorizer = fit_vectorizer(FORM)

    found = read_custom_objects(cloudpickle.dumps({"DictVectorizer": vectorizer}))

    assert found["DictVectorizer"].vocabulary_ == vectorizer.vocabulary_


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_either_type_of_number_will_do(dtype: type) -> None:
    vectorizer = DictVectorizer(dtype=dtype).fit([{"age": 1}])

    found = read_custom_objects(pickle.dumps({"DictVectorizer": vectorizer}))

    assert found["DictVectorizer"].vocabulary_ == {"age": 0}


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_what_a_pickle_would_run_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "touched"
    hostile = pickle.dumps({"DictVectorizer": fit_vectorizer(FORM), "more": Touch(path)})

    with pytest.raises(pickle.UnpicklingError, match="in its pickle"):
        read_custom_objects(hostile)

    assert not path.exists()
    pickle.loads(hostile)  # noqa: S301  the test's own: shows that it is hostile
    assert path.exists()


@pytest.mark.parametrize(
    ("pickled", "found"),
    [
        (b"", "a broken pickle"),
        (b"junk", "a broken pickle|pickle"),
        (pickle.dumps({"DictVectorizer": 1})[:-3], "a broken pickle|truncated"),
        (pickle.dumps([1, 2]), "a pickled list"),
    ],
)
def test_what_is_no_pickle_of_a_dictionary_is_told(pickled: bytes, found: str) -> None:
    with pytest.raises(pickle.UnpicklingError, match=found):
        read_custom_objects(pickled)
