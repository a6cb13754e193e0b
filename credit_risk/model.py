"""The model: 29 columns in, probability of default out.

Knows XGBoost; knows nothing of where a model is kept, of the policy and of HTTP.
"""

import numpy as np
import xgboost
from numpy.typing import NDArray

__all__ = ["Probabilities", "RiskModel"]

Probabilities = NDArray[np.float32]
"""(n,) float32, probability that the loan ends in default, 0 to 1."""


class RiskModel:
    """A booster of ``binary:logistic`` on the 29 columns, on one thread.

    One thread, because a service runs one worker a core.
    """

    def __init__(self, booster: xgboost.Booster, *, missing_as: float | None) -> None:
        """Wrap a booster.

        Args:
            booster: trained on the 29 columns.
            missing_as: what stood for a missing number in training; None where it was NaN.
        """
        booster.set_param({"nthread": 1})
        self._booster = booster
        self._missing_as = missing_as

    def predict(self, rows: NDArray[np.float32]) -> Probabilities:
        """Score (n, 29) float32 rows, NaN where a number is missing; (n,) float32 comes back."""
        if self._missing_as is not None:
            rows = np.nan_to_num(rows, nan=self._missing_as)
        probabilities: Probabilities = self._booster.inplace_predict(rows)
        return probabilities
