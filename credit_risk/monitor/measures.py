"""Outcomes of loans against what was predicted of them, like with like.

Outcomes become known only of loans that were granted, and among those the AUC is much lower than
among all applicants. So each band of the policy is compared with the measures of the same band at
training. Calibration comes first: it shows a change with a tenth of the outcomes.

Sources: the Jeffreys test is that of the ECB's instructions for reporting the validation results of
internal models (2019); the variance of the AUC is that of DeLong and others (1988), and where only
counts are known that of Hanley and McNeil (1982).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, nan, sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv

from credit_risk.registry import Band

Flags = NDArray[np.bool_]
Numbers = NDArray[np.floating[Any]]

TAILS: Final = (0.025, 0.975)
"""Outside of a 95 % interval."""
REACH: Final = 1.959964
"""Standard deviations to both ends of a 95 % interval."""
FALL: Final = 0.03
"""In the AUC, or rise of a default rate, that a lender would want to see."""
SEEN: Final = 1.644854 + 0.841621
"""Standard deviations: a one-sided test at 5 % finds such a change four times of five."""
RESAMPLES: Final = 200


@dataclass(frozen=True)
class Calibration:
    """Default rate of some loans against their mean probability of default.

    Attributes:
        rows: number of loans.
        defaults: how many ended in default.
        predicted: mean probability, 0 to 1.
        observed: share in default, 0 to 1.
        interval: 95 % Jeffreys interval of that share.
        p_value: chance that the default rate behind them is no higher than predicted; small where
            the risk is underestimated.
        needed: loans with which a default rate higher by 0.03 is found four times of five.
    """

    rows: int
    defaults: int
    predicted: float
    observed: float
    interval: tuple[float, float]
    p_value: float
    needed: int


@dataclass(frozen=True)
class Ranking:
    """How well probabilities rank loans by their outcomes; NaN with only one kind of outcome.

    Attributes:
        auc: chance that a default has the higher probability than a loan that ended well.
        interval: 95 %, of the AUC; the Gini index has twice the reach.
        ks: largest distance of the two distributions, 0 to 1.
        ks_interval: 95 %, by resampling.
        reference: AUC of the same band at training; NaN if it has none.
        p_value: chance of an AUC as low if it is still that of the reference; NaN without one.
        needed: loans with which an AUC lower by 0.03 is found four times of five.
    """

    auc: float
    interval: tuple[float, float]
    ks: float
    ks_interval: tuple[float, float]
    reference: float
    p_value: float
    needed: int

    @property
    def gini(self) -> float:
        """2 · AUC - 1."""
        return 2 * self.auc - 1


def jeffreys(predicted: float, defaults: int, rows: int) -> float:
    """Return the chance that the rate behind defaults of rows is no higher than predicted.

    Worked example: 0.28 predicted, 310 of 1,000 in default: 0.018.
    """
    return float(betainc(defaults + 0.5, rows - defaults + 0.5, predicted))


def calibrate(defaulted: Flags, probabilities: Numbers) -> Calibration:
    """Compare outcomes (n,), at least one, with probabilities (n,)."""
    rows, defaults = len(defaulted), int(np.count_nonzero(defaulted))
    predicted = float(probabilities.mean(dtype=np.float64))
    ends = betaincinv(defaults + 0.5, rows - defaults + 0.5, TAILS)
    return Calibration(
        rows=rows,
        defaults=defaults,
        predicted=predicted,
        observed=defaults / rows,
        interval=(float(ends[0]) if defaults else 0.0, float(ends[1]) if defaults < rows else 1.0),
        p_value=jeffreys(predicted, defaults, rows),
        needed=_needed(predicted * (1 - predicted)),
    )


def rank(defaulted: Flags, probabilities: Numbers, band: Band | None) -> Ranking:
    """Measure the ranking of probabilities (n,), and compare it with a band of training."""
    bad, good = np.sort(probabilities[defaulted]), np.sort(probabilities[~defaulted])
    auc, variance = _delong(bad, good)
    ks, ks_interval = _ks(bad, good)
    reach = REACH * sqrt(variance)
    reference = band.auc if band and band.auc is not None else nan
    spread = sqrt(variance + _hanley_mcneil(band)) if band else nan
    lower = 0.5 * erfc((reference - auc) / spread / sqrt(2)) if spread > 0 else nan
    return Ranking(
        auc=auc,
        interval=(max(0.0, auc - reach), min(1.0, auc + reach)),
        ks=ks,
        ks_interval=ks_interval,
        reference=reference,
        p_value=lower,
        needed=_needed(variance * len(defaulted)) if variance > 0 else 0,
    )


def _needed(variance: float) -> int:
    """Return how many loans show a change of ``FALL``; variance of one loan."""
    return int(np.ceil(SEEN**2 * variance / FALL**2))


def _delong(bad: Numbers, good: Numbers) -> tuple[float, float]:
    """Return the AUC of sorted probabilities of both outcomes, and its variance."""
    if min(len(bad), len(good)) < 2:  # noqa: PLR2004  a variance needs two
        return nan, nan
    of_bad = (np.searchsorted(good, bad) + np.searchsorted(good, bad, "right")) / (2 * len(good))
    of_good = 1 - (np.searchsorted(bad, good) + np.searchsorted(bad, good, "right")) / (
        2 * len(bad)
    )
    variance = of_bad.var(ddof=1) / len(bad) + of_good.var(ddof=1) / len(good)
    return float(of_bad.mean()), float(variance)


def _hanley_mcneil(band: Band) -> float:
    """Return the variance of the AUC of a band of which only counts are known."""
    if band.auc is None:
        return nan
    auc, bad, good = band.auc, band.defaults, band.rows - band.defaults
    of_bad, of_good = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    return (auc * (1 - auc) + (bad - 1) * of_bad + (good - 1) * of_good) / (bad * good)


def _ks(bad: Numbers, good: Numbers, seed: int = 0) -> tuple[float, tuple[float, float]]:
    """Return KS and its interval: the spread of resamples around KS, which they overstate."""
    if not len(bad) or not len(good):
        return nan, (nan, nan)
    values = np.unique(np.concatenate([bad, good]))
    places = [np.searchsorted(values, each) for each in (bad, good)]

    def widest(of: Sequence[NDArray[np.intp]]) -> float:
        below = [np.bincount(each, minlength=len(values)).cumsum() / len(each) for each in of]
        return float((below[1] - below[0]).max())

    random, found = np.random.default_rng(seed), widest(places)
    drawn = [widest([random.choice(each, len(each)) for each in places]) for _ in range(RESAMPLES)]
    low, high = np.clip(found + np.quantile(drawn, TAILS) - np.mean(drawn), 0, 1)
    return found, (float(low), float(high))
