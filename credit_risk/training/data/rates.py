"""How often loans end in default, by what an application says: by word, or by range of a number.

Knows nothing of models and of pictures.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.training.shares import wilson

__all__ = ["Rate", "by_range", "by_word"]

MISSING: Final = "missing"


@dataclass(frozen=True)
class Rate:
    """How the loans with one word, or with a number in one range, ended.

    Attributes:
        name: the word, the range with both ends included, or ``missing``.
        rows: how many loans.
        default_rate: share of them that ended in default, 0 to 1.
    """

    name: str
    rows: int
    default_rate: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the default rate, 0 to 1."""
        return wilson(self.default_rate, self.rows)


def by_word(words: NDArray[np.str_], defaulted: NDArray[np.bool_]) -> tuple[Rate, ...]:
    """Compare the words (n,) of loans with their outcomes (n,), highest default rate first."""
    each = np.asarray(words, dtype=str)
    found = [_rate(str(word), each == word, defaulted) for word in np.unique(each)]
    return tuple(sorted(found, key=lambda rate: -rate.default_rate))


def by_range(
    numbers: NDArray[np.floating], defaulted: NDArray[np.bool_], ranges: int = 8
) -> tuple[Rate, ...]:
    """Compare numbers (n,) of loans with their outcomes (n,), smallest first, missing last.

    The ranges hold about equally many loans. Equal numbers stay together, so that there are
    fewer ranges where many loans have the same one.

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
    return Rate(name, int(here.sum()), float(defaulted[here].mean()))


def _range(numbers: NDArray[np.float64]) -> str:
    """Name the range of some numbers, with three digits where it is narrow."""
    low, high = float(numbers.min()), float(numbers.max())
    digits = 0 if (numbers % 1 == 0).all() or high - low > 10 else 2  # noqa: PLR2004  for people
    ends = dict.fromkeys((f"{low:,.{digits}f}", f"{high:,.{digits}f}"))
    return " to ".join(ends).replace("-", "−")  # noqa: RUF001  a true minus
