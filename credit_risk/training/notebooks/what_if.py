"""The probability of default of one application by one of its numbers, all else equal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.form import Form
from credit_risk.model import Rows
from credit_risk.training.fitting import Predict


@dataclass(frozen=True, eq=False)  # no ==: arrays do not compare to one truth value
class WhatIf:
    """Probability of default of one applicant by one number.

    Attributes:
        field: of the application.
        values: (k,) rising, in the field's unit.
        probabilities: (k,) of default with each, 0 to 1.
        value: as applied for; NaN if missing.
        probability: as applied for.
    """

    field: str
    values: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    value: float
    probability: float

    def needed(self, threshold: float) -> float:
        """Return the value nearest to the applicant's with a probability up to ``threshold``.

        NaN if there is none, or if the applicant's own value is missing.
        """
        fitting = self.values[self.probabilities <= threshold]
        if not len(fitting) or np.isnan(self.value):
            return float("nan")
        return float(fitting[np.argmin(np.abs(fitting - self.value))])


def vary(form: Form, predict: Predict, row: Rows, field: str, values: Sequence[float]) -> WhatIf:
    """Predict an encoded application with one value of a numeric field after the other.

    Args:
        form: of the application.
        predict: encoded rows to probabilities of default.
        row: (columns,) as applied for.
        field: to vary.
        values: (k,) rising, in the field's unit.
    """
    place = form.columns.index(field)
    varied = np.repeat(row[None], len(values) + 1, axis=0)
    varied[1:, place] = values
    own, *others = predict(varied).astype(np.float64).tolist()
    return WhatIf(
        field, np.array(values, dtype=np.float64), np.array(others), float(row[place]), own
    )
