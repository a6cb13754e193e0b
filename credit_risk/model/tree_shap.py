"""What each input adds to the log-odds of default: exact SHAP values, from tables.

The same numbers as XGBoost's ``pred_contribs`` (path-dependent TreeSHAP, Lundberg et al. 2020,
doi:10.1038/s42256-019-0138-9), several times as fast: for shallow trees all that can happen at a
leaf is worked out beforehand. A leaf lies behind conditions on a few inputs. Whoever's input is
known meets its condition (1) or does not (0); whoever's is unknown meets it with the share of the
training rows that did. The value of the leaf times all of these is a game in which the inputs
play, and which conditions are met says what each wins: one of 2**conditions rows of a table.
"""

from dataclasses import dataclass, field
from itertools import combinations, product
from math import factorial, inf, prod

import numpy as np
from numpy.typing import NDArray

from credit_risk.model.trees import LEAF, Forest, Tree

__all__ = ["Contributions", "TreeShap"]

Contributions = NDArray[np.float32]
"""(n, inputs + 1) float32, log-odds of default; the last is what every application starts from."""

MAX_CONDITIONS = 6
"""Most inputs in front of a leaf: each doubles the table."""

ROWS_AT_ONCE = 16
"""So that what is worked on stays in the processor's cache."""


class TreeShap:
    """Explains applications with a forest of shallow trees."""

    def __init__(self, forest: Forest) -> None:
        """Work out the tables.

        Raises:
            ValueError: if more than ``MAX_CONDITIONS`` inputs lead to a leaf.
        """
        leaves = [leaf for tree in forest.trees for leaf in _leaves_of(tree)]
        width = max(1, *(len(leaf.conditions) for leaf in leaves))
        if width > MAX_CONDITIONS:
            msg = f"found a leaf behind {width} inputs, expected at most {MAX_CONDITIONS}"
            raise ValueError(msg)
        for leaf in leaves:
            leaf.conditions += [_Condition(0)] * (width - len(leaf.conditions))
        # (width, leaves): which input, from where to where, and whether missing will do
        by_place = list(zip(*(leaf.conditions for leaf in leaves), strict=True))
        self._input = np.array([[each.input for each in place] for place in by_place])
        self._low, self._high = (
            np.array([[getattr(each, end) for each in place] for place in by_place], np.float32)
            for end in ("low", "high")
        )
        self._missing = np.array([[each.missing for each in place] for place in by_place])
        values = np.array([leaf.value for leaf in leaves])
        shares = np.array([[each.share for each in place] for place in by_place])
        self._table = _shapley_values(values, shares).astype(np.float32).ravel()
        self._bias = forest.base + float(values @ shares.prod(axis=0))
        # What an input adds is a sum over its conditions: put them side by side.
        places, whose = np.nonzero(shares < 1)
        order = np.argsort(self._input[places, whose], kind="stable")
        places, self._leaf = places[order], whose[order]
        self._first = (self._leaf << width) * width + places
        self._used, self._starts = np.unique(self._input[places, self._leaf], return_index=True)
        self._inputs = forest.width

    def __call__(self, rows: NDArray[np.float32]) -> Contributions:
        """Explain (n, inputs) rows; each the same to the last bit, whatever is beside it."""
        found = np.zeros((len(rows), self._inputs + 1), dtype=np.float32)
        found[:, -1] = self._bias
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            patterns = self._patterns(rows[part])
            won = self._table[self._first + patterns[:, self._leaf] * len(self._input)]
            found[part, self._used] = np.add.reduceat(won, self._starts, axis=1)
        return found

    def _patterns(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Which conditions of each leaf are met: (n, leaves), a bit each."""
        patterns = np.zeros((len(rows), self._input.shape[1]), dtype=np.int64)
        for place, column in enumerate(self._input):
            values = rows[:, column]
            met = (values >= self._low[place]) & (values < self._high[place])
            met |= np.isnan(values) & self._missing[place]
            patterns |= met.astype(np.int64) << place
        return patterns


@dataclass
class _Condition:
    """What the path to a leaf asks of one input: low <= input < high, or missing if that will do.

    ``share`` is the share of the training rows at its splits that met it.
    """

    input: int
    low: float = -inf
    high: float = inf
    missing: bool = True
    share: float = 1.0


@dataclass
class _Leaf:
    value: float
    conditions: list[_Condition] = field(default_factory=list)


def _leaves_of(tree: Tree) -> list[_Leaf]:
    leaves = []
    paths: list[tuple[int, dict[int, _Condition]]] = [(0, {})]
    while paths:
        node, path = paths.pop()
        if tree.left[node] == LEAF:
            leaves.append(_Leaf(float(tree.threshold[node]), list(path.values())))
            continue
        which, threshold = int(tree.feature[node]), float(tree.threshold[node])
        before = path.get(which, _Condition(which))
        for child, goes_left in ((tree.left[node], True), (tree.right[node], False)):
            condition = _Condition(
                which,
                low=before.low if goes_left else max(before.low, threshold),
                high=min(before.high, threshold) if goes_left else before.high,
                missing=before.missing and bool(tree.missing_left[node]) == goes_left,
                share=before.share * float(tree.cover[child] / tree.cover[node]),
            )
            paths.append((int(child), {**path, which: condition}))
    return leaves


def _shapley_values(
    values: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each condition wins, by leaf and pattern: (leaves, 2**width, width), log-odds.

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
