"""The custom objects of a stored model, read without running what is written in them.

They are a pickle, and a pickle may name any function and have it called while it is read. This
reads the fitted ``DictVectorizer`` and nothing else: its place is taken by a plain record, so that
no code of the file runs, and scikit-learn, which a service needs for nothing else, stays away.
"""

import io
import pickle
from typing import Any, Final

import numpy as np

VECTORIZER: Final = "DictVectorizer"
"""Name of the custom object that is the encoding contract."""


class DictVectorizer:
    """What was in a pickled ``sklearn.feature_extraction.DictVectorizer``, as attributes.

    Attributes:
        vocabulary_: column number of each column's name.
    """

    vocabulary_: dict[str, int]


KNOWN: Final[dict[tuple[str, str], Any]] = {
    ("sklearn.feature_extraction._dict_vectorizer", "DictVectorizer"): DictVectorizer,
    ("numpy", "float32"): np.float32,
    ("numpy", "float64"): np.float64,
}
"""Everything that may be named."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  as the base class
        if (module, name) not in KNOWN:
            msg = f"{module}.{name} in its pickle"
            raise pickle.UnpicklingError(msg)
        return KNOWN[module, name]


def read_custom_objects(pickled: bytes) -> dict[str, Any]:
    """Read the file that BentoML keeps the custom objects in.

    Raises:
        pickle.UnpicklingError: if it names anything but a ``DictVectorizer``, says what.
    """
    try:
        found = _Reader(io.BytesIO(pickled)).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # noqa: BLE001  a broken pickle can raise anything
        msg = f"a broken pickle ({type(error).__name__})"
        raise pickle.UnpicklingError(msg) from None
    if not isinstance(found, dict):
        msg = f"a pickled {type(found).__name__}"
        raise pickle.UnpicklingError(msg)
    return found
