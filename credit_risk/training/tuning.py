"""Search for better parameters of the standard recipe, and write them to its file.

Only the parameters of the trees are searched; their inputs and constraints stay. The search has
folds of its own, so that nothing is tuned on the folds of the comparison.
"""

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from errno import EISDIR
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryFile
from typing import Final

import numpy as np
import optuna
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from credit_risk.errors import UsageError
from credit_risk.form import Form
from credit_risk.model import RiskModel
from credit_risk.training.evaluation import measure
from credit_risk.training.fitting import FOLDS, Examples, fit_booster, fit_model
from credit_risk.training.recipes import PARAMETERS, standard

Parameters = dict[str, float | int | str]
"""Parameters of ``xgboost.train``, and ``rounds``."""
Places = NDArray[np.intp]  # of rows

FOLDS_SEED: Final = 2  # another than the comparison's
SEARCH_SEED: Final = 0
DIGITS: Final = 4  # significant

MEASURE: Final = (
    f"mean AUC, {FOLDS}-fold cross-validation on folds of its own (random_state={FOLDS_SEED})"
)

HEADER: Final = """\
# Parameters of the standard recipe's boosted trees, as `xgboost.train` takes them.
# Written by `python train.py --tune`.
"""


def tune(  # noqa: PLR0913  of one caller
    examples: Examples,
    form: Form,
    *,
    trials: int,
    parameters: Path = PARAMETERS,
    on_trial: Callable[[], None] = lambda: None,
    score: Callable[[Examples, Form, Parameters], float] | None = None,
) -> tuple[Parameters, float]:
    """Search for parameters with a large ``mean_auc``; each call finds the same.

    The first trial takes the present parameters, so a search never ends with worse ones.

    Args:
        examples: all loans.
        form: of the applications.
        trials: at least one.
        parameters: file of the present ones.
        on_trial: called after each trial, for progress.
        score: to maximise instead of ``mean_auc``.

    Returns:
        The best parameters and their score.
    """
    judge = score or mean_auc
    present = standard(form, parameters)
    fit_model(replace(present, rounds=1), examples)  # wrong parameters end here
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=SEARCH_SEED)
    )
    study.enqueue_trial({**present.parameters, "rounds": present.rounds})
    study.optimize(
        lambda trial: judge(examples, form, _suggest(trial)),
        n_trials=trials,
        callbacks=[lambda _study, _trial: on_trial()],
    )
    return _suggest(optuna.trial.FixedTrial(study.best_params)), study.best_value


def mean_auc(examples: Examples, form: Form, parameters: Parameters) -> float:
    """Return the mean AUC of the standard recipe with these parameters over the search's folds."""
    chosen = dict(parameters)
    recipe = replace(standard(form), rounds=int(chosen.pop("rounds")), parameters=chosen)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=FOLDS_SEED)

    def auc(fold: tuple[Places, Places]) -> float:
        seen, held_out = (Examples(examples.rows[rows], examples.defaulted[rows]) for rows in fold)
        model = RiskModel(fit_booster(recipe, seen).save_raw(), recipe.prepare())
        return measure(held_out.defaulted, model.predict(held_out.rows)).auc

    with ThreadPoolExecutor() as threads:  # XGBoost releases the GIL while it fits
        return fmean(threads.map(auc, folds.split(examples.rows, examples.defaulted)))


def write_parameters(path: Path, parameters: Parameters, provenance: Mapping[str, object]) -> None:
    """Write the TOML file that ``recipes.standard`` reads, numbers with four digits.

    Args:
        path: of the file.
        parameters: as ``tune`` finds them.
        provenance: texts, numbers or dates about the data and the search, by name.

    Raises:
        UsageError: if it cannot be written; a file that was there is as before.
    """
    tables: dict[str, Mapping[str, object]] = {
        "provenance": {**provenance, "measure": MEASURE},
        "parameters": parameters,
    }
    lines = [HEADER]
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items()), ""]
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_text("\n".join(lines), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise _cannot_be_written(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def require_writable(path: Path) -> None:
    """Make the folder of a file, and make sure that the file can be written.

    Raises:
        UsageError: if it cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):
            if path.is_dir():
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    except OSError as error:
        raise _cannot_be_written(path, error) from None


def _cannot_be_written(path: Path, error: OSError) -> UsageError:
    reason = error.strerror or error
    return UsageError(f"{path}: cannot be written: {reason}; name another file with --tuned")


def _toml(value: object) -> str:
    """Write a date, a number, or a text without control characters in TOML."""
    if isinstance(value, date):
        return value.isoformat()
    return _short(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _short(number: float) -> str:
    """Write a number with four significant digits, for a person to read and repeat."""
    return f"{number:.{DIGITS}g}"


def _suggest(trial: optuna.trial.BaseTrial) -> Parameters:
    """Draw parameters from their ranges."""
    return {
        "rounds": trial.suggest_int("rounds", 200, 500, step=50),
        "eta": _real(trial, "eta", 0.03, 0.1, log=True),
        # Not searched: at depth 2 a path through a tree asks for two inputs at most, which keeps
        # explanations cheap. Deeper trees gained at most 0.0007 of AUC.
        "max_depth": 2,
        "min_child_weight": _real(trial, "min_child_weight", 1, 30, log=True),
        "subsample": _real(trial, "subsample", 0.5, 1),
        "colsample_bytree": _real(trial, "colsample_bytree", 0.3, 1),
        "colsample_bynode": _real(trial, "colsample_bynode", 0.3, 1),
        "lambda": _real(trial, "lambda", 0.1, 20, log=True),
        "max_bin": trial.suggest_int("max_bin", 16, 64, step=8),
    }


def _real(
    trial: optuna.trial.BaseTrial, name: str, low: float, high: float, *, log: bool = False
) -> float:
    """Draw a number and round it, so that the number measured is the number written."""
    return float(_short(trial.suggest_float(name, low, high, log=log)))
