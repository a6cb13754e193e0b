"""Monotonicity: how the probability may move with each input, and whether trees keep it.

What training was told is no proof. The direction is read off the trees themselves when a model is
loaded, so that one that does not keep it is not served, whatever its card says.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from credit_risk.errors import EncodingError
from credit_risk.model.features import DERIVED
from credit_risk.model.trees import LEAF, Forest


def constraints(names: Sequence[str], never_falls_with: Mapping[str, int]) -> tuple[int, ...]:
    """Say how the probability must move with each input so that it moves so with each field.

    Args:
        names: of the inputs.
        never_falls_with: by field, +1 if the probability must not fall as it grows, -1 if it
            must not rise; for a category, ``field=word``.

    Returns:
        +1, -1 or 0 (free) for each input, as XGBoost's ``monotone_constraints`` takes them.

    Raises:
        EncodingError: if an input would have to go both ways.
    """
    found = []
    for name in names:
        moves = DERIVED[name].rises_with if name in DERIVED else {name: 1}
        asked = moves.keys() & never_falls_with.keys()
        ways = {never_falls_with[field] * moves[field] for field in asked}
        if len(ways) > 1:
            msg = f"found {name}, which cannot keep what is asked for of {', '.join(moves)}"
            raise EncodingError(msg)
        found.append(ways.pop() if ways else 0)
    return tuple(found)


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
