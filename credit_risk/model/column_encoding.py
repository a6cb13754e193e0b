"""Encode applications that come in columns, as a file has them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk.model.encoding import Encoder, Rows


class ColumnEncoder(Encoder):
    """Writes columns of values into the rows that ``Encoder`` writes of applications."""

    def encode_columns(self, columns: Mapping[str, NDArray[Any]], count: int) -> Rows:
        """Encode the values of all fields.

        Args:
            columns: (count,) of each field: numbers float64, NaN where missing; of a category the
                places of its words.
            count: of the applications.
        """
        rows = np.zeros((count, len(self._zeros)), dtype=np.float32)
        for column, name in zip(self._numbers, self._names, strict=False):
            rows[:, column] = columns[name]
        for places, name in zip(self._words, self._names[len(self._numbers) :], strict=True):
            words = columns[name].astype(np.intp)
            rows[np.arange(count), np.array([*places.values()])[words]] = 1
        return rows
