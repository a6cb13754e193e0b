"""The model: 29 columns in, probability of default and its explanation out.

Knows XGBoost; knows nothing of where a model is kept, of the policy and of HTTP.
"""

import ctypes
import json
from collections.abc import Callable

import numpy as np
import xgboost
from numpy.typing import NDArray
from xgboost.core import _LIB  # the C library, whose functions are documented and stable

from credit_risk.contributions import Contributions, Explainer
from credit_risk.trees import read_forest

__all__ = ["Contributions", "Probabilities", "RiskModel"]

Rows = NDArray[np.float32]

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

    def __init__(self, booster: xgboost.Booster, inputs: Callable[[Rows], Rows]) -> None:
        """Wrap a booster.

        Args:
            booster: trained on what ``inputs`` makes.
            inputs: makes what the trees see of encoded rows (n, 29).

        Raises:
            ValueError: if the trees are too deep to be explained.
        """
        booster.set_param({"nthread": 1})
        self._booster = booster  # keeps the handle alive
        self._handle = booster.handle
        self._inputs = inputs
        self.forest = read_forest(booster)
        self._explainer = Explainer(self.forest, booster.num_features())

    def explain(self, rows: Rows) -> Contributions:
        """Say what each input of the trees adds to the log-odds of (n, 29) rows.

        The last column is what every application starts from; all of a row add up to its
        log-odds of default.
        """
        return self._explainer(self._inputs(rows))

    def predict(self, rows: Rows) -> Probabilities:
        """Score (n, 29) float32 rows, NaN where a number is missing; (n,) float32 comes back.

        The same as ``Booster.inplace_predict`` to the last bit. That method spends half of the
        time of a small batch on finding out what it was given; this calls what it calls.
        """
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        rows = np.ascontiguousarray(self._inputs(rows), dtype=np.float32)
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
