"""Approval rates and what follows from them, by threshold and by group."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isnan, nan

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from scipy.stats.contingency import relative_risk


@dataclass(frozen=True)
class Cut:
    """Result of approving every loan up to one probability of default.

    Attributes:
        threshold: approved up to this probability, 0 to 1.
        approval_rate: share of all loans, 0 to 1.
        default_rate: share of the approved that ended in default; NaN if none is approved.
        caught: share of all defaults that is not approved.
        turned_away: share of all loans that ended well that is not approved.
    """

    threshold: float
    approval_rate: float
    default_rate: float
    caught: float
    turned_away: float


@dataclass(frozen=True)
class Group:
    """Approvals and defaults of one group of applicants.

    Attributes:
        name: of the group.
        rows: number of loans.
        approval_rate: share that is approved, 0 to 1.
        approval_interval: 95 % Wilson interval of it.
        default_rate: share that ended in default, approved or not, 0 to 1.
        ratio: adverse impact ratio, the approval rate over that of the reference group; NaN if
            nobody is approved there.
        ratio_interval: 95 % interval of it, by the log method; both 1 for the reference itself,
            0 and infinity if nobody is approved in one of the two groups.
        reference: True for the group that the others are compared with.
    """

    name: str
    rows: int
    approval_rate: float
    approval_interval: tuple[float, float]
    default_rate: float
    ratio: float
    ratio_interval: tuple[float, float]
    reference: bool


def by_threshold(
    defaulted: NDArray[np.bool_],
    probabilities: NDArray[np.floating],
    thresholds: Iterable[float],
) -> tuple[Cut, ...]:
    """Apply each threshold to loans of outcomes (n,) and probabilities (n,)."""
    # float64 as the policy compares: 0.3 is not the same number in float32.
    probabilities = probabilities.astype(np.float64)
    return tuple(_cut(defaulted, probabilities <= each, each) for each in thresholds)


def _cut(defaulted: NDArray[np.bool_], approved: NDArray[np.bool_], threshold: float) -> Cut:
    return Cut(
        threshold=threshold,
        approval_rate=float(approved.mean()),
        default_rate=float(defaulted[approved].mean()) if approved.any() else nan,
        caught=float(1 - approved[defaulted].mean()),
        turned_away=float(1 - approved[~defaulted].mean()),
    )


def by_group(
    groups: NDArray[np.str_],
    approved: NDArray[np.bool_],
    defaulted: NDArray[np.bool_],
    reference: str | None = None,
) -> tuple[Group, ...]:
    """Compare the groups' approval rates, largest group first.

    Args:
        groups: (n,) name of each loan's group.
        approved: (n,) True where approved.
        defaulted: (n,) outcomes, True for a default.
        reference: the group to compare with; None takes the one with the highest approval rate.
    """
    names, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    approvals, defaults = (np.bincount(place, weights=each) for each in (approved, defaulted))
    rates = approvals / sizes
    of = int(np.argmax(rates) if reference is None else np.flatnonzero(names == reference)[0])
    return tuple(
        Group(
            name=str(names[each]),
            rows=int(sizes[each]),
            approval_rate=float(rates[each]),
            approval_interval=binomtest(int(approvals[each]), int(sizes[each])).proportion_ci(
                method="wilson"
            ),
            default_rate=float(defaults[each] / sizes[each]),
            ratio=float(rates[each] / rates[of]) if rates[of] else nan,
            ratio_interval=(1.0, 1.0)
            if each == of
            else _ratio_interval(approvals[each], sizes[each], approvals[of], sizes[of]),
            reference=bool(each == of),
        )
        for each in np.argsort(-sizes, kind="stable")
    )


def _ratio_interval(count: int, rows: int, other: int, other_rows: int) -> tuple[float, float]:
    """Return the 95 % interval of count / rows over other / other_rows."""
    low, high = relative_risk(*map(int, (count, rows, other, other_rows))).confidence_interval()
    return 0.0 if isnan(low) else low, inf if isnan(high) else high  # NaN where a count is 0
