"""The model: 29 columns in, probability of default out.

Knows XGBoost; knows nothing of where a model is kept, of the policy and of HTTP.
"""

import ctypes
import json

import numpy as np
import xgboost
from numpy.typing import NDArray
from xgboost.core import _LIB  # the C library, whose functions are documented and stable

__all__ = ["Probabilities", "RiskModel"]

Probabilities = NDArray[np.float32]
"""(n,) float32, probability that the loan ends in default, 0 to 1."""

PROBABILITY = 0  # prediction type of the C interface
OPTIONS = json.dumps(
    {
        "type": PROBABILITY,
        "training": False,
        "iteration_begin": 0,
        "iteration_end": 0,  # all trees
        "missing": float("nan"),
        "strict_shape": False,
        "cache_id": 0,
    }
).encode()


class RiskModel:
    """A booster of ``binary:logistic``, on one thread: a service runs one worker a core."""

    def __init__(self, booster: xgboost.Booster, *, missing_as: float | None) -> None:
        """Wrap a booster.

        Args:
            booster: trained on the 29 columns.
            missing_as: what stood for a missing number in training; None where it was NaN.
        """
        booster.set_param({"nthread": 1})
        self._booster = booster  # keeps the handle alive
        self._handle = booster.handle
        self._missing_as = missing_as

    def predict(self, rows: NDArray[np.float32]) -> Probabilities:
        """Score (n, 29) float32 rows, NaN where a number is missing; (n,) float32 comes back.

        The same as ``Booster.inplace_predict`` to the last bit. That method spends half of the
        time of a small batch on finding out what it was given; this calls what it calls.
        """
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        if self._missing_as is not None:
            rows = np.nan_to_num(rows, nan=self._missing_as)
        shape, axes = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
        values = ctypes.POINTER(ctypes.c_float)()
        failed = _LIB.XGBoosterPredictFromDense(
            self._handle,
            b'{"data": [%d, true], "shape": [%d, %d], "typestr": "<f4", "version": 3}'
            % (rows.ctypes.data, *rows.shape),
            OPTIONS,
            None,
            ctypes.byref(shape),
            ctypes.byref(axes),
            ctypes.byref(values),
        )
        if failed:
            raise xgboost.core.XGBoostError(_LIB.XGBGetLastError().decode())
        # The library owns what it returned until its next call; so: a copy.
        return np.ctypeslib.as_array(values, (len(rows),)).copy()
