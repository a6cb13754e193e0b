"""Inputs of the trees: source columns, and columns derived from them.

A derived column is a plain formula of an application's own numbers, without fitted constants. It
moves in one direction only with each of them. So a guarantee such as "more income never raises the
probability" holds through it, if the trees are constrained in the matching direction;
``Form.constraints`` says which that is.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import EncodingError
from credit_risk.form import Form

Rows = NDArray[np.float32]


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
