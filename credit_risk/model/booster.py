"""XGBoost's C library, without the Python package around it.

``import xgboost`` brings scikit-learn, SciPy and pandas along, which a service never uses; it takes
longer than the rest of a start. The functions are documented and stable:
https://xgboost.readthedocs.io/en/stable/c.html. Knows nothing of what a model is for.
"""

import ctypes
import json
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PREDICTION_OPTIONS: Final = json.dumps(
    {
        "type": 0,  # the value itself, here a probability
        "training": False,
        "iteration_begin": 0,
        "iteration_end": 0,  # all trees
        "missing": float("nan"),
        "strict_shape": False,
        "cache_id": 0,
    }
).encode()


class LibraryError(RuntimeError):
    """The library refused a call; the message is what it says in its first line."""

    @classmethod
    def last(cls) -> "LibraryError":
        """Take the error of the last call, without time, place in its source and stack."""
        text: str = LIBRARY.XGBGetLastError().decode(errors="replace")
        return cls(text.partition("\n")[0].partition(": ")[2] or text)


def _load() -> Any:  # noqa: ANN401  ctypes makes functions of whatever is asked for
    package = find_spec("xgboost")  # finds it without importing it
    if package is None or package.origin is None:
        msg = (
            "XGBoost is not installed; run: make .venv/.installed-training, or pip install xgboost"
        )
        raise ImportError(msg)
    folder = Path(package.origin).parent / "lib"
    found = next(folder.glob("*xgboost.*"), None)  # .so, .dylib or .dll
    if found is None:
        msg = f"found no library in {folder}, expected XGBoost's; install xgboost again"
        raise ImportError(msg)
    library = ctypes.CDLL(str(found))
    library.XGBGetLastError.restype = ctypes.c_char_p
    return library


LIBRARY: Final = _load()


def _call(name: str, *arguments: object) -> None:
    if getattr(LIBRARY, name)(*arguments):
        raise LibraryError.last()


class Booster:
    """A trained model in the library's memory, predicting on one thread.

    Not for use by several threads at once: an answer is copied out after the call.
    """

    def __init__(self, raw: bytes | bytearray) -> None:
        """Load a model.

        Args:
            raw: as XGBoost writes it, UBJSON or JSON: a file's bytes or ``Booster.save_raw()``.

        Raises:
            LibraryError: if it is not a model. The library can crash on one that was damaged, so
                check a file's hash first.
        """
        if not raw:
            msg = "an empty file"  # at which the library would end the process
            raise LibraryError(msg)
        self._handle = ctypes.c_void_p()
        _call("XGBoosterCreate", None, ctypes.c_uint64(0), ctypes.byref(self._handle))
        weakref.finalize(self, LIBRARY.XGBoosterFree, self._handle)
        place = (ctypes.c_char * len(raw)).from_buffer_copy(raw)
        _call("XGBoosterLoadModelFromBuffer", self._handle, place, ctypes.c_uint64(len(raw)))
        _call("XGBoosterSetParam", self._handle, b"nthread", b"1")

    def to_json(self) -> bytes:
        """Write the model in XGBoost's JSON format."""
        size, text = ctypes.c_uint64(), ctypes.c_void_p()
        found = (ctypes.byref(size), ctypes.byref(text))
        _call("XGBoosterSaveModelToBuffer", self._handle, b'{"format": "json"}', *found)
        return ctypes.string_at(text, size.value)

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predict (n, features) contiguous float32 rows, NaN where missing; (n,) comes back.

        Raises:
            LibraryError: if the number of features is not the model's.
        """
        shape, axes = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
        values = ctypes.POINTER(ctypes.c_float)()
        failed = LIBRARY.XGBoosterPredictFromDense(
            self._handle,
            b'{"data": [%d, true], "shape": [%d, %d], "typestr": "<f4", "version": 3}'
            % (rows.ctypes.data, *rows.shape),
            PREDICTION_OPTIONS,
            None,
            ctypes.byref(shape),
            ctypes.byref(axes),
            ctypes.byref(values),
        )
        if failed:
            raise LibraryError.last()
        # The library owns what it returned until its next call; so: a copy.
        return np.ctypeslib.as_array(values, (len(rows),)).copy()
