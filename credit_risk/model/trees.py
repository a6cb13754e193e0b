"""The trees of a booster as plain arrays, and what can be read off them.

Knows XGBoost's JSON model format (https://xgboost.readthedocs.io, "Introduction to Model IO");
knows nothing of what the inputs mean.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

LEAF = -1
ESCAPES = str.maketrans({character: quote(character) for character in "%[]<"})


@dataclass(frozen=True, eq=False)  # no ==: arrays do not compare to one truth value
class Tree:
    """One tree; every array has an entry a node, the root first, children after their parent.

    Attributes:
        left: node where the input is below the threshold; -1 at a leaf.
        right: node where it is not.
        feature: which input is looked at.
        threshold: float32; at a leaf its value, in log-odds.
        missing_left: whether a missing input goes left.
        cover: weight of the training rows that came here.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    cover: NDArray[np.float64]


@dataclass(frozen=True)
class Forest:
    """Trees whose values add up, with a start value, to the log-odds of default.

    Attributes:
        trees: in the order of training.
        base: the start value.
        width: how many inputs there are.
        names: of the inputs, in order; empty if training gave none.
    """

    trees: tuple[Tree, ...]
    base: float
    width: int
    names: tuple[str, ...]


def names_in_trees(names: Iterable[str]) -> list[str]:
    """Escape in names of inputs what XGBoost refuses in them; ``read_forest`` gives them back."""
    return [name.translate(ESCAPES) for name in names]


def read_forest(model: bytes | bytearray) -> Forest:
    """Read the trees of a booster of ``binary:logistic`` in XGBoost's JSON format.

    Raises:
        ValueError: if it is another kind of booster, or has no trees.
    """
    learner = json.loads(model)["learner"]
    kind = learner["gradient_booster"]["name"], learner["objective"]["name"]
    if kind != ("gbtree", "binary:logistic"):
        msg = f"a booster {kind[0]} for {kind[1]}, which is not gbtree for binary:logistic"
        raise ValueError(msg)
    trees_found = learner["gradient_booster"]["model"]["trees"]
    if not trees_found or any(any(tree["split_type"]) for tree in trees_found):
        msg = "no trees" if not trees_found else "trees that split by categories"
        raise ValueError(msg)
    (share,) = json.loads(f"[{learner['learner_model_param']['base_score'].strip('[]')}]")
    trees = tuple(
        Tree(
            left=np.array(tree["left_children"]),
            right=np.array(tree["right_children"]),
            feature=np.array(tree["split_indices"]),
            threshold=np.array(tree["split_conditions"], dtype=np.float32),
            missing_left=np.array(tree["default_left"], dtype=bool),
            cover=np.array(tree["sum_hessian"]),
        )
        for tree in trees_found
    )
    return Forest(
        trees,
        base=math.log(share / (1 - share)),
        width=int(learner["learner_model_param"]["num_feature"]),
        names=tuple(map(unquote, learner["feature_names"])),
    )
