"""Fit the vectorizer and the boosted trees."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from warnings import catch_warnings

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.model_selection import train_test_split

from credit_risk.errors import DataError, UsageError
from credit_risk.form import CATEGORIES, COLUMNS, LIMITS
from credit_risk.model import FeatureBuilder, LibraryError, RiskModel, Rows, constraints
from credit_risk.training.data.wording import first_sentence

FOLDS: Final = 5
"""Of the comparison and of the search."""
Predict = Callable[[Rows], NDArray[np.floating]]
"""From encoded rows (n, 29) to probabilities of default (n,)."""
Record = Mapping[str, float | str]


@dataclass(frozen=True)
class Recipe:
    """Settings that make a model of encoded rows.

    Attributes:
        name: for the model card.
        parameters: of ``xgboost.train``.
        rounds: number of trees.
        inputs: columns that the trees see, of the 29 and the derived ones.
        never_falls_with: directions to keep, as ``constraints`` takes them.
        missing_as: replaces a missing number; None keeps it NaN.
    """

    name: str
    parameters: Mapping[str, float | int | str]
    rounds: int
    inputs: tuple[str, ...] = COLUMNS
    never_falls_with: Mapping[str, int] = field(default_factory=dict)
    missing_as: float | None = None

    def prepare(self) -> FeatureBuilder:
        """Return what turns encoded rows (n, 29) into the inputs of the trees."""
        return FeatureBuilder(self.inputs, missing_as=self.missing_as)


def fit_vectorizer() -> DictVectorizer:
    """Fit the vectorizer on the vocabulary.

    Training rows would not do: a category that is absent from them would lose its column.
    """
    numbers = dict.fromkeys(LIMITS, 0.0)
    every_word = [{**numbers, field: str(w)} for field, words in CATEGORIES.items() for w in words]
    vectorizer = DictVectorizer(sparse=False, dtype=np.float32)
    return vectorizer.fit(every_word)


@dataclass(frozen=True)
class Examples:
    """Encoded loans with their outcomes.

    Attributes:
        rows: (n, 29) float32, NaN where a number is missing.
        defaulted: (n,) outcomes, True for a default.
    """

    rows: Rows
    defaulted: NDArray[np.bool_]

    def __len__(self) -> int:
        """Count the loans."""
        return len(self.rows)

    @classmethod
    def encode(
        cls, vectorizer: DictVectorizer, records: Iterable[Record], defaulted: NDArray[np.bool_]
    ) -> "Examples":
        """Encode records, one mapping of field to value each."""
        return cls(vectorizer.transform(records), defaulted)

    def require_both(self, least: int, part: str) -> None:
        """Make sure that so many loans at least ended well, and so many in default.

        Raises:
            DataError: if they did not; names the ``part`` that these loans are.
        """
        defaults = int(np.count_nonzero(self.defaulted))
        if min(defaults, len(self) - defaults) < least:
            problem = f"found {len(self)} loans, {defaults} of them defaults"
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
            "seed": 1,
            "nthread": 1,
            "monotone_constraints": constraints(recipe.inputs, recipe.never_falls_with),
            **recipe.parameters,
        },
        xgboost.DMatrix(rows, label=examples.defaulted, feature_names=list(recipe.inputs)),
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
