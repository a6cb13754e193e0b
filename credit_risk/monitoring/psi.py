"""The population stability index (PSI), what of it is chance, and what of it matters.

A large sample finds differences that matter to nobody, a small one has a large PSI by chance. So
two rules hold together: a PSI alerts if chance does not explain it and it is at least ``WARN``.

Source of the critical value: Yurdakul and Naranjo, Statistical properties of the population
stability index, Journal of Risk Model Validation 14 (2020).
"""

from collections.abc import Sequence
from math import erfc, exp, gamma, inf, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

WARN: Final = 0.10
"""By convention a PSI from here on is worth a look."""
PAGE: Final = 0.25
"""By convention a PSI from here on means another population."""
LEVEL: Final = 0.05
"""Share of windows without drift in which chance may exceed a critical value, over all fields."""
FEWEST: Final = 200
"""Rows of a window; below, 0.10 is exceeded by chance too often, and bins hold too little."""
SMOOTHING: Final = 0.5
"""Added to each count, so that an empty bin is no infinite PSI."""


def psi(reference: ArrayLike, counts: ArrayLike) -> Any:  # noqa: ANN401  a number, or an array
    """Return the PSI of counts (..., bins) against those of a reference, 0 if they are alike.

    Worked example: 100 of a reference in two equal bins, 100 later ones 60 to 40: 0.0398.
    """
    then, now = _shares(reference), _shares(counts)
    return ((now - then) * np.log(now / then)).sum(axis=-1)


def critical_value(reference: int, rows: int, bins: int, level: float = LEVEL) -> float:
    """Return the PSI that ``rows`` exceed with a chance of ``level`` if nothing has changed."""
    return (1 / reference + 1 / rows) * chi_square_quantile(1 - level, bins - 1)


def p_value(found: float, reference: int, rows: int, bins: int) -> float:
    """Return the chance of a PSI as large as the one found if nothing has changed."""
    return chi_square_tail(found / (1 / reference + 1 / rows), bins - 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values of several tests by Holm: below a level, at most that share errs in all.

    Worked example: 0.01, 0.04, 0.03 become 0.03, 0.06, 0.06.
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for done, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - done) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def chi_square_tail(value: float, freedom: int) -> float:
    """Return the chance that a chi-square number of whole degrees of freedom is larger.

    The incomplete gamma function is a finite sum then, of positive terms.
    """
    half = value / 2
    if freedom < 1:
        return float(value <= 0)
    odd = freedom % 2
    term = exp(-half) * (sqrt(half) / gamma(1.5) if odd else 1.0)
    total = erfc(sqrt(half)) if odd else 0.0
    for step in range(freedom // 2):
        total += term
        term *= half / (step + 1 + odd / 2)
    return total


def chi_square_quantile(share: float, freedom: int) -> float:
    """Return what this share of chi-square numbers does not exceed, by halving an interval."""
    low, high, before = 0.0, 1.0, inf
    while chi_square_tail(high, freedom) > 1 - share:
        high *= 2
    while (middle := (low + high) / 2) != before:
        above = chi_square_tail(middle, freedom) > 1 - share
        low, high, before = (middle, high, middle) if above else (low, middle, middle)
    return middle


def _shares(counts: ArrayLike) -> NDArray[np.float64]:
    smooth = np.asarray(counts, dtype=np.float64) + SMOOTHING
    shares: NDArray[np.float64] = smooth / smooth.sum(axis=-1, keepdims=True)
    return shares
