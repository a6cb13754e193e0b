"""Shapley values of the conditions in front of a leaf, for every case that can occur.

A leaf lies behind conditions on a few inputs. A known input meets its condition (1) or does not
(0). An unknown one meets it with the share of the training rows that did. The value of the leaf
times all of these is the worth of a coalition of known inputs, and the Shapley value divides it
among them. With ``width`` conditions there are 2**width cases.
"""

from dataclasses import dataclass, field
from itertools import combinations, product
from math import factorial, inf, prod

import numpy as np
from numpy.typing import NDArray

from credit_risk.model.trees import LEAF, Tree


@dataclass
class Condition:
    """A condition on one input: low <= input < high, or missing where that is accepted.

    Attributes:
        input: number of the input.
        low: smallest value that meets it.
        high: smallest value above it.
        missing: whether a missing input meets it.
        share: of the training rows at its splits that met it, 0 to 1.
    """

    input: int
    low: float = -inf
    high: float = inf
    missing: bool = True
    share: float = 1.0


@dataclass
class Leaf:
    """A leaf: its value, log-odds, and one condition for each input on its path."""

    value: float
    conditions: list[Condition] = field(default_factory=list)


def leaves_of(tree: Tree) -> list[Leaf]:
    """List the leaves of a tree."""
    leaves = []
    paths: list[tuple[int, dict[int, Condition]]] = [(0, {})]
    while paths:
        node, path = paths.pop()
        if tree.left[node] == LEAF:
            leaves.append(Leaf(float(tree.threshold[node]), list(path.values())))
            continue
        which, threshold = int(tree.feature[node]), float(tree.threshold[node])
        before = path.get(which, Condition(which))
        for child, goes_left in ((tree.left[node], True), (tree.right[node], False)):
            condition = Condition(
                which,
                low=before.low if goes_left else max(before.low, threshold),
                high=min(before.high, threshold) if goes_left else before.high,
                missing=before.missing and bool(tree.missing_left[node]) == goes_left,
                share=before.share * float(tree.cover[child] / tree.cover[node]),
            )
            paths.append((int(child), {**path, which: condition}))
    return leaves


def shapley_values(values: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the Shapley value of each condition: (leaves, 2**width, width), log-odds.

    The second axis is the pattern of the conditions that are met, a bit each.


    Args:
        values: (leaves,) log-odds.
        shares: (width, leaves) of the training rows that meet each condition, 0 to 1.
    """
    width, leaves = shares.shape
    won = np.zeros((leaves, 2**width, width))
    for pattern, i in product(range(2**width), range(width)):
        met = [pattern >> place & 1 for place in range(width)]
        others = [place for place in range(width) if place != i]
        for size in range(width):
            weight = factorial(size) * factorial(width - size - 1) / factorial(width)
            for known in combinations(others, size):
                unknown = [place for place in others if place not in known]
                worth = prod(met[place] for place in known) * shares[unknown].prod(axis=0)
                won[:, pattern, i] += weight * worth * (met[i] - shares[i]) * values
    return won
