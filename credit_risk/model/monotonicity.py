"""Monotonicity: whether trees keep the directions in which the probability may move.

What training was told is no proof. The direction is read off the trees themselves when a model is
loaded, so that one that does not keep it is not served, whatever its card says.
"""

from collections.abc import Sequence

import numpy as np

from credit_risk.model.trees import LEAF, Forest


def broken_constraint(forest: Forest, constraints: Sequence[int]) -> int | None:
    """Find an input in whose direction the log-odds are not certain to move.

    Read off the trees themselves and not off what training said: at each split on a constrained
    input every leaf of one side must be at least as high as every leaf of the other.

    Args:
        forest: to be looked at.
        constraints: for each input +1 (never falls as it grows), -1 (never rises) or 0.

    Returns:
        The place of the first such input; None if there is none.
    """
    for tree in forest.trees:
        lowest, highest = tree.threshold.copy(), tree.threshold.copy()
        for node in reversed(np.flatnonzero(tree.left != LEAF)):
            left, right = tree.left[node], tree.right[node]
            way = constraints[tree.feature[node]]
            if (way > 0 and highest[left] > lowest[right]) or (
                way < 0 and lowest[left] < highest[right]
            ):
                return int(tree.feature[node])
            lowest[node] = min(lowest[left], lowest[right])
            highest[node] = max(highest[left], highest[right])
    return None
