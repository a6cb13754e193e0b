"""Calibration: predicted probabilities of default against observed default rates.

Loans of equal probability have no order. A bin edge can fall between such loans; each then counts
with the mean outcome of all of them.
"""

from dataclasses import dataclass
from math import pi, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

BINS: Final = 10  # of equal count


@dataclass(frozen=True)
class Bin:
    """Loans of similar probability.

    Attributes:
        predicted: mean probability of default, 0 to 1.
        observed: share that ended in default, 0 to 1.
        rows: number of loans.
    """

    predicted: float
    observed: float
    rows: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the observed share, 0 to 1."""
        defaults = round(self.observed * self.rows)  # loans tied over an edge count in fractions
        interval: tuple[float, float] = binomtest(defaults, self.rows).proportion_ci(
            method="wilson"
        )
        return interval


def calibration_bins(
    defaulted: NDArray[np.bool_], probabilities: NDArray[np.floating], bins: int = BINS
) -> tuple[Bin, ...]:
    """Compare outcomes (n,) and probabilities (n,) in bins of equal count, smallest first."""
    _, place, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    observed = (np.bincount(place, weights=defaulted) / counts)[np.sort(place)]
    predicted = np.sort(probabilities).astype(np.float64)
    parts = zip(np.array_split(predicted, bins), np.array_split(observed, bins), strict=True)
    return tuple(Bin(float(p.mean()), float(o.mean()), len(p)) for p, o in parts if len(p))


def ece_by_chance(probabilities: NDArray[np.floating], bins: int = BINS) -> float:
    """Return the ECE that chance alone gives to probabilities (n,) that are exactly right.

    The defaults in a bin are then a sum of independent draws: about normal, with the variance
    sum(p · (1 - p)). The mean distance of a normal number from its mean is sqrt(2 / pi) standard
    deviations. Worked example: 100 loans of probability 0.5 in one bin give 0.0399.
    """
    parts = np.array_split(np.sort(probabilities).astype(np.float64), bins)
    distances = [sqrt(2 / pi * float((part * (1 - part)).sum())) for part in parts]
    return sum(distances) / len(probabilities)
