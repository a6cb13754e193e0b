"""The recipes of this project's models.

The standard recipe reads its parameters from ``parameters.toml`` beside this file, which
``python train.py --tune`` writes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Final

from credit_risk.errors import DataError
from credit_risk.form import Form
from credit_risk.training.fitting import Recipe

PARAMETERS: Final = Path(__file__).with_name("parameters.toml")
MAX_ROUNDS: Final = 10_000
FIXED: Final = {
    *("booster", "monotone_constraints", "objective", "verbosity"),
    *("nthread", "n_jobs", "seed", "random_state"),
}
"""Parameters of XGBoost that are the same for all models."""

STANDARD: Final = "standard"
"""Name of the recipe whose models are served; others are for comparison."""


def course(form: Form) -> Recipe:
    """Return the recipe of the ML Zoomcamp lesson: every field, no monotone constraints."""
    return Recipe(
        name="course",
        parameters={"eta": 0.1, "max_depth": 3, "min_child_weight": 1},
        rounds=175,
        form=form,
        inputs=form.columns,
        missing_as=0.0,
    )


def standard(form: Form, path: Path = PARAMETERS) -> Recipe:
    """Return the recipe of the model that ships: no prohibited field, all directions kept.

    Raises:
        DataError: if ``path`` is not a file of parameters.
    """
    try:
        parameters = dict(tomllib.loads(path.read_text(encoding="utf-8"))["parameters"])
        rounds = parameters.pop("rounds")
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"found no parameters ({error}), expected what `train.py --tune` writes"
        raise DataError(path.name, problem) from None
    _check(path.name, rounds, parameters)
    return Recipe(
        name=STANDARD,
        form=form,
        rounds=rounds,
        parameters=parameters,
        inputs=form.inputs_without(form.prohibited),
        never_falls_with=form.directions,
    )


def _check(name: str, rounds: object, parameters: Mapping[str, object]) -> None:
    if type(rounds) is not int or not 1 <= rounds <= MAX_ROUNDS:
        problem = f"found rounds = {rounds!r}, expected a whole number from 1 to {MAX_ROUNDS}"
        raise DataError(name, problem)
    for key, value in parameters.items():
        if key in FIXED:
            problem = f"found {key}, expected only what may differ between models"
            raise DataError(name, problem)
        if type(value) not in {int, float, str} or (type(value) is float and not isfinite(value)):
            raise DataError(name, f"found {key} = {value!r}, expected a finite number or a text")


def with_prohibited(form: Form, path: Path = PARAMETERS) -> Recipe:
    """Return the standard recipe with prohibited fields, to know their worth; never served."""
    recipe = standard(form, path)
    return replace(recipe, name="with prohibited fields", inputs=form.inputs_without(()))
