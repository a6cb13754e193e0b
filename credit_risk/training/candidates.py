"""Candidates of the comparison: fit each, and predict loans that it has not seen."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import joblib
import numpy as np
from numpy.typing import NDArray

from credit_risk.form import OWN_FORM, Form
from credit_risk.model import RiskModel
from credit_risk.training.baselines import fit_logistic, fit_spline_logistic
from credit_risk.training.fitting import Examples, Predict, Recipe, fit_booster
from credit_risk.training.recipes import course, standard, with_prohibited

Probabilities = NDArray[np.float64]
Split = tuple[NDArray[np.intp], NDArray[np.intp]]  # places of the rows seen and held out


def _fit_trees(recipe: Recipe, examples: Examples) -> Predict:
    return RiskModel(fit_booster(recipe, examples).save_raw(), recipe.prepare()).predict


FIT: Final[dict[str, Callable[[Examples, Form, Path], Predict]]] = {
    "course": lambda examples, form, _: _fit_trees(course(form), examples),
    "logistic regression": lambda examples, *_: fit_logistic(examples),
    "spline logistic": lambda examples, form, _: fit_spline_logistic(examples, form),
    "ours": lambda examples, form, path: _fit_trees(standard(form, path), examples),
    "ours, with prohibited fields": lambda examples, form, path: _fit_trees(
        with_prohibited(form, path), examples
    ),
}
"""Fits a candidate by name, from examples, their form and the file of our parameters."""


def candidates_for(form: Form) -> tuple[str, ...]:
    """List the candidates that make sense for a form; the others are compared with the first."""
    senseless = {"course"} if form.module != OWN_FORM else set()
    senseless |= set() if form.prohibited else {"ours, with prohibited fields"}
    return tuple(name for name in FIT if name not in senseless)


def predict_all(  # noqa: PLR0913, PLR0917  of one caller
    examples: Examples,
    form: Form,
    splits: Sequence[Split],
    parameters: Path,
    on_fit: Callable[[], None],
    workers: int | None,
) -> dict[str, list[Probabilities]]:
    """Fit each candidate on the seen rows of each split and predict the rows held out.

    Args:
        examples: all loans.
        form: of the applications.
        splits: of the loans.
        parameters: file of our models' parameters.
        on_fit: called after each fit, for progress.
        workers: number of processes; None for one a core.

    Returns:
        Probabilities of the rows held out, by candidate, in the order of the splits.
    """
    candidates = candidates_for(form)
    tasks = [(name, place) for name in candidates for place in range(len(splits))]
    found = {}
    run = joblib.Parallel(
        workers or joblib.cpu_count(),  # cores that this process may use
        backend="loky",
        return_as="generator_unordered",
        inner_max_num_threads=1,  # a process a core: more threads would wait for each other
    )
    calls = (
        joblib.delayed(_predict)(task, examples, form, splits[task[1]], parameters)
        for task in tasks
    )
    with _ignoring_interrupts():
        results = run(calls)
    for task, probabilities in results:
        found[task] = probabilities
        on_fit()
    return {name: [found[name, place] for place in range(len(splits))] for name in candidates}


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C while processes are started, which takes a moment.

    They inherit this and print no trace when it comes; this process ends them.
    """
    if threading.current_thread() is not threading.main_thread():  # may not set it
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _predict(
    task: tuple[str, int], examples: Examples, form: Form, split: Split, parameters: Path
) -> tuple[tuple[str, int], Probabilities]:
    seen, held_out = split
    known = Examples(examples.rows[seen], examples.defaulted[seen])
    predict = FIT[task[0]](known, form, parameters)
    return task, predict(examples.rows[held_out]).astype(np.float64)
