"""Fit the vectorizer and the boosted trees."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from warnings import catch_warnings

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.model_selection import train_test_split

from credit_risk.errors import DataError, UsageError
from credit_risk.form import Form
from credit_risk.model import (
    Encoder,
    FeatureBuilder,
    LibraryError,
    RiskModel,
    Rows,
    names_in_trees,
)
from credit_risk.training.data.dataset import Dataset
from credit_risk.training.data.wording import first_sentence

TREE_SEED: Final = 1
"""Of what the trees draw at random: rows and columns."""
FOLDS: Final = 5
"""Of the comparison and of the search."""
Predict = Callable[[Rows], NDArray[np.floating]]
"""From encoded rows to probabilities of default (n,)."""


@dataclass(frozen=True)
class Recipe:
    """Settings that make a model of encoded rows.

    Attributes:
        name: for the model card.
        parameters: of ``xgboost.train``.
        rounds: number of trees.
        form: of the applications.
        inputs: columns that the trees see, encoded and derived ones.
        never_falls_with: directions to keep, as ``Form.constraints`` takes them.
        missing_as: replaces a missing number; None keeps it NaN.
    """

    name: str
    parameters: Mapping[str, float | int | str]
    rounds: int
    form: Form
    inputs: tuple[str, ...]
    never_falls_with: Mapping[str, int] = field(default_factory=dict)
    missing_as: float | None = None

    def prepare(self) -> FeatureBuilder:
        """Return what turns encoded rows into the inputs of the trees."""
        return FeatureBuilder(self.form, self.inputs, missing_as=self.missing_as)


def fit_vectorizer(form: Form) -> DictVectorizer:
    """Fit the vectorizer on the words of a form.

    Training rows would not do: a word that is absent from them would lose its column.
    """
    numbers: dict[str, object] = dict.fromkeys(form.numbers, 0.0)
    words = [{**numbers, name: word} for name, words in form.categories.items() for word in words]
    vectorizer = DictVectorizer(sparse=False, dtype=np.float32)
    return vectorizer.fit(words or [numbers])


@dataclass(frozen=True)
class Examples:
    """Encoded loans with their outcomes.

    Attributes:
        rows: (n, columns) float32, NaN where a number is missing.
        defaulted: (n,) outcomes, True for a default.
    """

    rows: Rows
    defaulted: NDArray[np.bool_]

    def __len__(self) -> int:
        """Count the loans."""
        return len(self.rows)

    @classmethod
    def encode(cls, form: Form, loans: Dataset) -> "Examples":
        """Encode loans, as the service encodes applications."""
        return cls(Encoder(form).encode_mappings(loans.records()), loans.defaulted)

    def require_both(self, least: int, part: str) -> None:
        """Make sure that so many loans at least ended well, and so many in default.

        Raises:
            DataError: if they did not; names the ``part`` that these loans are.
        """
        defaults = int(np.count_nonzero(self.defaulted))
        if min(defaults, len(self) - defaults) < least:
            problem = f"found {len(self):,} loans, {defaults:,} of them defaults"
            expected = f"at least {least} that ended in default and {least} that ended well"
            raise DataError(part, f"{problem}, expected {expected}; take more loans")

    def split(self, share: float, seed: int) -> tuple["Examples", "Examples"]:
        """Draw ``share`` of the loans at random; return the others and the drawn."""
        rows, drawn, defaulted, drawn_defaulted = train_test_split(
            self.rows, self.defaulted, test_size=share, random_state=seed
        )
        return Examples(rows, defaulted), Examples(drawn, drawn_defaulted)


def fit_booster(
    recipe: Recipe, examples: Examples, on_round: Callable[[], None] = lambda: None
) -> xgboost.Booster:
    """Train boosted trees; ``on_round`` is called after each tree, for progress."""
    rows = recipe.prepare()(examples.rows)
    return xgboost.train(
        # One thread: on a few thousand rows more are no faster, and on a busy machine they wait
        # for each other, measured at 0.25 s against 70 s for 400 trees.
        {
            "objective": "binary:logistic",
            "seed": TREE_SEED,
            "nthread": 1,
            "monotone_constraints": recipe.form.constraints(recipe.inputs, recipe.never_falls_with),
            **recipe.parameters,
        },
        xgboost.DMatrix(
            rows, label=examples.defaulted, feature_names=names_in_trees(recipe.inputs)
        ),
        num_boost_round=recipe.rounds,
        callbacks=[_Progress(on_round)],
    )


def fit_model(
    recipe: Recipe, examples: Examples, on_round: Callable[[], None] = lambda: None
) -> tuple[xgboost.Booster, RiskModel]:
    """Train boosted trees; return them as XGBoost has them, and as they are served.

    Raises:
        UsageError: if XGBoost refuses the parameters, or the trees cannot be served.
    """
    try:
        # XGBoost only warns of parameters that it does not know.
        with catch_warnings(record=True, action="always") as warnings:
            booster = fit_booster(recipe, examples, on_round)
            model = RiskModel(booster.save_raw(), recipe.prepare())
            model.predict(examples.rows)
        for each in warnings:
            if "are not used" in str(each.message):
                raise ValueError(each.message)
    except (KeyError, ValueError, TypeError, LibraryError) as error:  # XGBoost's is a ValueError
        where = r"^\[.*?\]( WARNING:)?|\S+\.(cc|h|cu)\S*:"  # in XGBoost's code, and when
        reason = first_sentence(re.sub(where, "", str(error)).strip())
        expected = "those of trees of `gbtree` that XGBoost takes and a service can explain"
        msg = f"parameters of the trees: {reason}; expected {expected}"
        raise UsageError(msg) from None
    else:
        return booster, model


class _Progress(xgboost.callback.TrainingCallback):
    def __init__(self, on_round: Callable[[], None]) -> None:
        self._on_round = on_round

    def after_iteration(self, model: object, epoch: int, evals_log: object) -> bool:  # noqa: ARG002  xgboost's signature
        self._on_round()
        return False
