"""Measures of probabilities of default: discrimination and calibration.

The order of the rows changes no result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from credit_risk.registry import Band
from credit_risk.training.calibration import BINS

Outcomes = NDArray[np.bool_]  # (n,), True for a default
Probabilities = NDArray[np.floating]  # (n,), of default, 0 to 1

TAILS: Final = (0.025, 0.975)  # outside of a 95 % interval


@dataclass(frozen=True)
class Measures:
    """Measures on one part of the data.

    Attributes:
        auc: area under the ROC curve, 0.5 (chance) to 1.
        gini: 2 · auc - 1.
        ks: largest distance of the two cumulative distributions, max(TPR - FPR), 0 to 1.
        brier: mean squared error of the probability, 0 is perfect.
        ece: mean distance of predicted and observed share over 10 equal-count bins, 0 to 1.
    """

    auc: float
    gini: float
    ks: float
    brier: float
    ece: float

    def as_dict(self) -> dict[str, float]:
        """Return names and values, for the model card."""
        return asdict(self)


@dataclass(frozen=True, eq=False)  # no ==: arrays do not compare to one truth value
class Roc:
    """The ROC curve, one point for each distinct probability and one before them.

    Attributes:
        thresholds: (k,) falling probabilities, the first infinite.
        goods: (k,) share of the loans that ended well at or above each (false positives).
        defaults: (k,) share of the defaults at or above each (true positives).
    """

    thresholds: NDArray[np.float64]
    goods: NDArray[np.float64]
    defaults: NDArray[np.float64]

    @property
    def widest(self) -> int:
        """Index of the point where the two shares are farthest apart, by KS."""
        return int(np.argmax(self.defaults - self.goods))


def measure(defaulted: Outcomes, probabilities: Probabilities) -> Measures:
    """Measure probabilities (n,) against outcomes (n,), True for a default; both must occur."""
    return _Ranking(defaulted, probabilities).measure(np.ones(len(defaulted)))


def measure_bands(
    decisions: Sequence[str],
    defaulted: Outcomes,
    probabilities: Probabilities,
    words: Sequence[str],
) -> dict[str, Band]:
    """Measure the loans of each decision; ``words`` are the policy's, mildest first.

    Worked example: of two loans of probability 0.1 and 0.2 that are approved, and of which one
    ended in default, 0.15 was predicted and 0.5 observed.
    """
    decided = np.array(decisions)
    bands = {word: decided == word for word in words}
    return {word: _band(defaulted[here], probabilities[here]) for word, here in bands.items()}


def _band(defaulted: Outcomes, probabilities: Probabilities) -> Band:
    rows, defaults = len(defaulted), int(np.count_nonzero(defaulted))
    if not rows:
        return Band(rows=0, defaults=0)
    both = 0 < defaults < rows
    return Band(
        rows=rows,
        defaults=defaults,
        predicted=float(probabilities.mean(dtype=np.float64)),
        observed=defaults / rows,
        auc=measure(defaulted, probabilities).auc if both else None,
    )


def intervals(
    defaulted: Outcomes, probabilities: Probabilities, resamples: int = 200, seed: int = 0
) -> Mapping[str, tuple[float, float]]:
    """Return the 95 % bootstrap interval of each measure, by name.

    An interval has the spread of the resamples around the measure itself. Plain percentiles could
    lie above the measure as a whole: a resample repeats loans, which makes KS and ECE larger.
    """
    random = np.random.default_rng(seed)
    ranking = _Ranking(defaulted, probabilities)
    rows = len(defaulted)
    draws = (
        np.bincount(random.integers(rows, size=rows), minlength=rows) for _ in range(resamples)
    )
    # A resample of a few loans can miss one of the outcomes; it has no measures.
    both = (draw for draw in draws if 0 < draw[defaulted].sum() < rows)
    found = np.array([astuple(ranking.measure(draw)) for draw in both])
    tails = np.quantile(found, TAILS, axis=0) - found.mean(axis=0)
    names = [field.name for field in fields(Measures)]
    low, high = np.clip(
        np.array(astuple(measure(defaulted, probabilities))) + tails,
        [-1 if name == "gini" else 0 for name in names],
        1,
    )
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}


def roc(defaulted: Outcomes, probabilities: Probabilities) -> Roc:
    """Trace the ROC curve of probabilities (n,)."""
    goods, defaults, thresholds = roc_curve(
        defaulted, probabilities.astype(np.float64), drop_intermediate=False
    )
    return Roc(thresholds, goods, defaults)


class _Ranking:
    """Loans in order of probability, sorted once for all resamples."""

    def __init__(self, defaulted: Outcomes, probabilities: Probabilities) -> None:
        self._order = np.lexsort((defaulted, probabilities))
        self._probabilities = probabilities[self._order].astype(np.float64)
        self._defaulted = defaulted[self._order].astype(np.float64)
        self._errors = (self._probabilities - self._defaulted) ** 2
        self._first = np.flatnonzero(np.diff(self._probabilities, prepend=-1.0))  # of equal ones
        sizes = [len(part) for part in np.array_split(self._order, BINS)]
        self._edges = np.cumsum([0, *sizes])

    def measure(self, weights: NDArray[Any]) -> Measures:
        """Measure with each loan counted ``weights`` (n,) times."""
        weights = weights[self._order].astype(np.float64)
        rows = np.add.reduceat(weights, self._first)
        defaults = np.add.reduceat(weights * self._defaulted, self._first)
        goods = rows - defaults
        defaults_below, goods_below = defaults.cumsum(), goods.cumsum()
        all_defaults, all_goods = defaults_below[-1], goods_below[-1]
        auc = float(defaults @ (goods_below - goods / 2) / (all_defaults * all_goods))
        distances = goods_below / all_goods - defaults_below / all_defaults
        surplus = rows * self._probabilities[self._first] - defaults
        # Loans of equal probability count with their mean outcome.
        at_edges = np.interp(
            self._edges, np.append(0, rows.cumsum()), np.append(0, surplus.cumsum())
        )
        return Measures(
            auc=auc,
            gini=2 * auc - 1,
            ks=float(distances.max()),
            brier=float(weights @ self._errors / weights.sum()),
            ece=float(np.abs(np.diff(at_edges)).sum() / weights.sum()),
        )
