"""Can probabilities of default be taken at their word? Predicted against observed.

Knows nothing of models. Loans of equal probability have no order among themselves: where the edge
of a bin falls between such loans, each counts with the mean outcome of them all.
"""

from dataclasses import dataclass
from math import pi, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.training.shares import wilson

__all__ = ["Bin", "calibration", "ece_by_chance"]

BINS: Final = 10


@dataclass(frozen=True)
class Bin:
    """Loans of similar probability.

    Attributes:
        predicted: mean probability of default, 0 to 1.
        observed: share that ended in default, 0 to 1.
        rows: how many.
    """

    predicted: float
    observed: float
    rows: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the observed share, 0 to 1."""
        return wilson(self.observed, self.rows)


def calibration(
    defaulted: NDArray[np.bool_], probabilities: NDArray[np.floating], bins: int = BINS
) -> tuple[Bin, ...]:
    """Compare outcomes (n,) and probabilities (n,) in bins of equal count, smallest first."""
    _, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    observed = (np.bincount(place, weights=defaulted) / counts)[np.sort(place)]
    predicted = np.sort(probabilities).astype(np.float64)
    parts = zip(np.array_split(predicted, bins), np.array_split(observed, bins), strict=True)
    return tuple(Bin(float(p.mean()), float(o.mean()), len(p)) for p, o in parts if len(p))


def ece_by_chance(probabilities: NDArray[np.floating], bins: int = BINS) -> float:
    """Say which ECE to expect of probabilities (n,) that are exactly right, from chance alone.

    The number of defaults in a bin is then a sum of independent draws, about normal with variance
    sum(p · (1 - p)); the mean distance of a normal number from its middle is sqrt(2 / pi) times
    its standard deviation. Worked example: 100 loans of probability 0.5 in one bin give 0.0399.
    """
    parts = np.array_split(np.sort(probabilities).astype(np.float64), bins)
    distances = [sqrt(2 / pi * float((part * (1 - part)).sum())) for part in parts]
    return sum(distances) / len(probabilities)
