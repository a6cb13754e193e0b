"""The candidates of the comparison: what fits each, and what each says of unseen loans.

Knows nothing of measures.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import joblib
import numpy as np
from numpy.typing import NDArray

from credit_risk.model import RiskModel
from credit_risk.training.baselines import fit_logistic, fit_spline_logistic
from credit_risk.training.fitting import Examples, Recipe, fit_booster
from credit_risk.training.recipes import COURSE, standard, with_marital

__all__ = ["CANDIDATES", "FIT", "Probabilities", "Split", "predict_all"]

Probabilities = NDArray[np.float64]
Predict = Callable[[NDArray[np.float32]], NDArray[np.floating]]
Split = tuple[NDArray[np.intp], NDArray[np.intp]]  # places of the rows seen and held out


def _fit_trees(recipe: Recipe, examples: Examples) -> Predict:
    return RiskModel(fit_booster(recipe, examples).save_raw(), recipe.prepare()).predict


FIT: Final[dict[str, Callable[[Examples, Path], Predict]]] = {
    "course": lambda examples, _: _fit_trees(COURSE, examples),
    "logistic regression": lambda examples, _: fit_logistic(examples),
    "spline logistic": lambda examples, _: fit_spline_logistic(examples),
    "ours": lambda examples, parameters: _fit_trees(standard(parameters), examples),
    "ours, with marital status": lambda examples, parameters: _fit_trees(
        with_marital(parameters), examples
    ),
}
"""From examples, and the file of our parameters, to what predicts."""

CANDIDATES: Final = tuple(FIT)
"""Their names; the others are measured by the first."""


def predict_all(
    examples: Examples,
    splits: Sequence[Split],
    parameters: Path,
    on_fit: Callable[[], None],
    workers: int | None,
) -> dict[str, list[Probabilities]]:
    """Return what each candidate, fitted on the seen rows of a split, says of those held out.

    Args:
        examples: all loans.
        splits: of them.
        parameters: file of our models' parameters.
        on_fit: called after each fit, for progress.
        workers: processes; None for one a core.
    """
    tasks = [(name, place) for name in CANDIDATES for place in range(len(splits))]
    found = {}
    run = joblib.Parallel(
        workers or joblib.cpu_count(),  # those that this process may use
        backend="loky",
        return_as="generator_unordered",
        inner_max_num_threads=1,  # a process a core: more threads would wait for each other
    )
    calls = (
        joblib.delayed(_predict)(task, examples, splits[task[1]], parameters) for task in tasks
    )
    for task, probabilities in run(calls):
        found[task] = probabilities
        on_fit()
    return {name: [found[name, place] for place in range(len(splits))] for name in CANDIDATES}


def _predict(
    task: tuple[str, int], examples: Examples, split: Split, parameters: Path
) -> tuple[tuple[str, int], Probabilities]:
    seen, held_out = split
    known = Examples(examples.rows[seen], examples.defaulted[seen])
    predict = FIT[task[0]](known, parameters)
    return task, predict(examples.rows[held_out]).astype(np.float64)
