"""How far chance could move a share, or the ratio of two: 95 % intervals.

Knows nothing of loans.
"""

from math import exp, inf, log, sqrt
from statistics import NormalDist
from typing import Final

__all__ = ["ratio_interval", "wilson"]

Z: Final = NormalDist().inv_cdf(0.975)


def wilson(share: float, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (0 to 1) of ``rows``, by Wilson's score method.

    Stays within 0 and 1 and says something of a share of 0 or 1, unlike share ± 1.96 standard
    errors. Worked example: 8 of 10 give 0.490 and 0.943. Without rows: 0 and 1.
    """
    if not rows:
        return 0.0, 1.0
    shrink = 1 + Z**2 / rows
    middle = (share + Z**2 / (2 * rows)) / shrink
    reach = Z / shrink * sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def ratio_interval(share: float, rows: int, other: float, other_rows: int) -> tuple[float, float]:
    """Return the 95 % interval of share / other, two shares (0 to 1) of different rows.

    By the logarithm of the ratio, whose variance is about (1 - p) / (n p) for each share p of n.
    Worked example: 30 of 50 against 80 of 100 give 0.586 and 0.960. Where one of them is 0 the
    logarithm says nothing: 0 and infinity.
    """
    if not share or not other:
        return 0.0, inf
    reach = Z * sqrt((1 - share) / (rows * share) + (1 - other) / (other_rows * other))
    middle = log(share / other)
    return exp(middle - reach), exp(middle + reach)
