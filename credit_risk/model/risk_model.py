"""The model: encoded applications in, probability of default and its explanation out.

The trees see source columns, and columns derived from them by plain formulas without fitted
constants. A derived column moves in one direction only with each of its fields. So a guarantee such
as "more income never raises the probability" holds through it, if the trees are constrained in the
matching direction; ``Form.constraints`` says which that is.

Knows nothing of where a model is kept, of the policy and of HTTP.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import EncodingError
from credit_risk.form import Form
from credit_risk.model.booster import Booster
from credit_risk.model.tree_shap import Contributions, TreeShap
from credit_risk.model.trees import read_forest

Rows = NDArray[np.float32]

Probabilities = NDArray[np.float32]
"""(n,) float32, probability that the loan ends in default, 0 to 1."""


class FeatureBuilder:
    """Makes what the trees see of encoded rows."""

    def __init__(
        self, form: Form, names: Sequence[str], *, missing_as: float | None = None
    ) -> None:
        """Prepare for a model.

        Args:
            form: of the applications.
            names: of the inputs, each a column or a derived one, derived ones last.
            missing_as: what stands for a missing number; None keeps it NaN.

        Raises:
            EncodingError: for a name that is neither.
        """
        known = {*form.columns, *form.by_derived}
        if unknown := [name for name in names if name not in known]:
            msg = f"found the input {unknown[0]!r}, expected one of the columns or derived ones"
            raise EncodingError(msg)
        self.names = tuple(names)
        self._missing_as = missing_as
        self._sources = [form.columns.index(name) for name in names if name in form.columns]
        self._derived = [form.by_derived[name] for name in names if name in form.by_derived]
        self._is_identity = self.names == form.columns
        fields = {field for derived in self._derived for field in derived.rises_with}
        self._place = {field: form.columns.index(field) for field in sorted(fields)}
        in_order = [*(form.columns[place] for place in self._sources), *names[len(self._sources) :]]
        if in_order != list(names):
            msg = "found derived inputs before others, expected them last"
            raise EncodingError(msg)

    def __call__(self, rows: Rows) -> Rows:
        """Turn encoded rows into (n, len(names)) float32."""
        if self._missing_as is not None:
            rows = np.nan_to_num(rows, nan=self._missing_as)
        if self._is_identity:
            return rows
        inputs = np.empty((len(rows), len(self.names)), dtype=np.float32)
        inputs[:, : len(self._sources)] = rows[:, self._sources]
        of = {field: rows[:, place] for field, place in self._place.items()}
        for place, derived in enumerate(self._derived, start=len(self._sources)):
            inputs[:, place] = derived.compute(of)
        return inputs


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
