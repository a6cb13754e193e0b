"""Who is approved and what comes of it: by threshold, and by group.

Knows nothing of models and of the policy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from credit_risk.training.shares import ratio_interval, wilson

__all__ = ["Cut", "Group", "by_group", "by_threshold"]


@dataclass(frozen=True)
class Cut:
    """What follows if every loan up to one probability of default is approved.

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
    """How the applicants of one group fare.

    Attributes:
        name: of the group.
        rows: how many.
        approval_rate: share that is approved, 0 to 1.
        approval_interval: 95 % interval of it, by Wilson.
        default_rate: share that ended in default, approved or not, 0 to 1.
        ratio: adverse impact ratio, the approval rate over that of the reference group; NaN if
            nobody is approved there.
        ratio_interval: 95 % interval of it, by the log method; both 1 for the reference itself.
        reference: whether it is the group that the others are compared with.
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
    """Say what each threshold would do to loans of outcomes (n,) and probabilities (n,)."""
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
    names, counts = np.unique(groups, return_counts=True)
    size = {str(name): int(count) for name, count in zip(names, counts, strict=True)}
    rate = {name: float(approved[groups == name].mean()) for name in size}
    if reference is None:
        reference = max(rate, key=lambda name: rate[name])
    best, of = rate[reference], size[reference]
    return tuple(
        Group(
            name=name,
            rows=size[name],
            approval_rate=rate[name],
            approval_interval=wilson(rate[name], size[name]),
            default_rate=float(defaulted[groups == name].mean()),
            ratio=rate[name] / best if best else nan,
            ratio_interval=(1.0, 1.0)
            if name == reference
            else ratio_interval(rate[name], size[name], best, of),
            reference=name == reference,
        )
        for name in sorted(size, key=lambda name: -size[name])
    )
