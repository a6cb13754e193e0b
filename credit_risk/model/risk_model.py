"""The model: encoded applications in, probability of default and its explanation out.

Knows nothing of where a model is kept, of the policy and of HTTP.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from credit_risk.model.booster import Booster
from credit_risk.model.tree_shap import Contributions, TreeShap
from credit_risk.model.trees import read_forest

Rows = NDArray[np.float32]

Probabilities = NDArray[np.float32]
"""(n,) float32, probability that the loan ends in default, 0 to 1."""


class RiskModel:
    """A booster of ``binary:logistic``, on one thread: a service runs one worker a core."""

    def __init__(self, raw: bytes | bytearray, inputs: Callable[[Rows], Rows]) -> None:
        """Load a booster.

        Args:
            raw: as ``xgboost.Booster.save_raw`` writes it, trained on what ``inputs`` makes.
            inputs: makes what the trees see of encoded rows.

        Raises:
            ValueError: if the trees are too deep to be explained.
            LibraryError: if ``raw`` is not a model.
        """
        self._booster = Booster(raw)
        self._inputs = inputs
        self.forest = read_forest(self._booster.to_json())
        self._explainer = TreeShap(self.forest)

    def explain(self, rows: Rows) -> Contributions:
        """Say what each input of the trees adds to the log-odds of encoded rows.

        The last column is what every application starts from; all of a row add up to its
        log-odds of default.
        """
        return self._explainer(self._inputs(rows))

    def predict(self, rows: Rows) -> Probabilities:
        """Score encoded rows, NaN where a number is missing; (n,) float32 comes back.

        The same as ``xgboost.Booster.inplace_predict`` to the last bit.
        """
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        return self._booster.predict(np.ascontiguousarray(self._inputs(rows), dtype=np.float32))
