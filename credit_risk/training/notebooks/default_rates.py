"""Default rates by category, or by range of a number."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

MISSING: Final = "missing"


@dataclass(frozen=True)
class Rate:
    """Outcomes of the loans in one category, or with a number in one range.

    Attributes:
        name: the category, the range with both ends included, or ``missing``.
        rows: number of loans.
        defaults: loans of them that ended in default.
    """

    name: str
    rows: int
    defaults: int

    @property
    def default_rate(self) -> float:
        """Share of the loans that ended in default, 0 to 1."""
        return self.defaults / self.rows

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the default rate, 0 to 1."""
        interval: tuple[float, float] = binomtest(self.defaults, self.rows).proportion_ci(
            method="wilson"
        )
        return interval


def by_category(categories: NDArray[np.str_], defaulted: NDArray[np.bool_]) -> tuple[Rate, ...]:
    """Compare the categories (n,) of loans with their outcomes (n,), highest default rate first."""
    each = np.asarray(categories, dtype=str)
    found = [_rate(str(name), each == name, defaulted) for name in np.unique(each)]
    return tuple(sorted(found, key=lambda rate: -rate.default_rate))


def by_range(
    numbers: NDArray[np.floating], defaulted: NDArray[np.bool_], ranges: int = 8
) -> tuple[Rate, ...]:
    """Compare numbers (n,) of loans with their outcomes (n,), smallest first, missing last.

    The ranges hold about equally many loans. Equal numbers stay together, so there are fewer
    ranges where many loans have the same number.

    Worked example: 1, 2, 2, 2, 3, 4 in two ranges: 1 to 2 with four loans, 3 to 4 with two.
    """
    each = np.asarray(numbers, dtype=np.float64)
    known = ~np.isnan(each)
    inner = np.unique(np.quantile(each[known], np.arange(1, ranges) / ranges))
    place = np.where(known, np.searchsorted(inner, each), -1)
    found = [
        _rate(_range(each[place == which]), place == which, defaulted)
        for which in np.unique(place[known])
    ]
    return (*found, *([] if known.all() else [_rate(MISSING, ~known, defaulted)]))


def _rate(name: str, here: NDArray[np.bool_], defaulted: NDArray[np.bool_]) -> Rate:
    return Rate(name, int(here.sum()), int(defaulted[here].sum()))


def _range(numbers: NDArray[np.float64]) -> str:
    """Name the range of some numbers, with two decimals if it is narrow."""
    low, high = float(numbers.min()), float(numbers.max())
    digits = 0 if (numbers % 1 == 0).all() or high - low > 10 else 2  # noqa: PLR2004  for people
    ends = dict.fromkeys((f"{low:,.{digits}f}", f"{high:,.{digits}f}"))
    return " to ".join(ends).replace("-", "−")  # noqa: RUF001  a true minus
