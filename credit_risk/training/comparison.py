"""Compare our model with others on the same folds of the same loans.

The folds are those of a repeated stratified 5-fold cross-validation. One held-out fifth says little
(the standard error of its AUC is about 0.017), so a candidate is judged by its difference from the
first candidate on each fold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split

from credit_risk.form import Form
from credit_risk.training.baselines import gain_interval
from credit_risk.training.candidates import Probabilities, Split, candidates_for, predict_all
from credit_risk.training.evaluation import Measures, measure
from credit_risk.training.fitting import FOLDS, Examples, fit_model
from credit_risk.training.recipes import PARAMETERS, standard

COURSE_SPLIT: Final = (0.2, 11)  # share and seed of the course's test part, as in train.py


@dataclass(frozen=True)
class Candidate:
    """A kind of model, measured on loans that it has not seen.

    Attributes:
        name: to be shown.
        auc: area under the ROC curve, mean over all folds; so are ks and brier.
        gain: mean difference of the AUC from the first candidate's on the same folds.
        gain_interval: 95 % interval of the gain, see ``baselines.gain_interval``.
        brier: mean squared error of the probability.
        ks: largest distance of the two cumulative distributions, 0 to 1.
        ece: expected calibration error of all out-of-fold probabilities, mean over the repeats.
        test_auc: fitted on the course's 80 % of the loans, measured on its 20 %.
    """

    name: str
    auc: float
    gain: float
    gain_interval: tuple[float, float]
    brier: float
    ks: float
    ece: float
    test_auc: float


@dataclass(frozen=True, eq=False)  # no ==: arrays do not compare to one truth value
class Comparison:
    """Result of a comparison.

    Attributes:
        candidates: the course's first.
        folds: number in a repeat.
        repeats: number of divisions into folds.
        probabilities: (n,) of default by our model, out of fold in the first repeat, in row order.
    """

    candidates: tuple[Candidate, ...]
    folds: int
    repeats: int
    probabilities: Probabilities


def count_fits(form: Form, repeats: int) -> int:
    """Count the models that ``compare`` fits, for progress."""
    return len(candidates_for(form)) * (FOLDS * repeats + 1)


def compare(  # noqa: PLR0913  of one caller
    examples: Examples,
    form: Form,
    *,
    repeats: int = 3,
    parameters: Path = PARAMETERS,
    on_fit: Callable[[], None] = lambda: None,
    workers: int | None = None,
) -> Comparison:
    """Fit and measure every candidate; the result does not depend on ``workers``.

    Args:
        examples: all loans.
        form: of the applications.
        repeats: number of divisions into folds, each shuffled anew.
        parameters: file of our models' parameters.
        on_fit: called after each fit, for progress.
        workers: number of processes; None for one a core.

    Raises:
        DataError: if there are fewer defaults, or fewer other loans, than folds.
        UsageError: for parameters that make no model.
    """
    examples.require_both(FOLDS, "loans to compare on")
    fit_model(replace(standard(form, parameters), rounds=1), examples)  # here, not in each worker
    splits = _draw(examples, repeats)
    found = predict_all(examples, form, splits, parameters, on_fit, workers)
    whole = {
        name: [_in_row_order(splits, found[name], r) for r in range(repeats)] for name in found
    }
    measured = {
        name: [
            measure(examples.defaulted[out], p) for (_, out), p in zip(splits, each, strict=True)
        ]
        for name, each in found.items()
    }
    names = candidates_for(form)
    candidates = tuple(
        _judge(
            name,
            measured[name],
            measured[names[0]],
            fmean(measure(examples.defaulted, p).ece for p in whole[name]),
        )
        for name in names
    )
    return Comparison(candidates, FOLDS, repeats, whole["ours"][0])


def _draw(examples: Examples, repeats: int) -> list[Split]:
    """Draw the folds, repeat by repeat, and last the course's split."""
    everyone = np.arange(len(examples))
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=repeats, random_state=0)
    share, seed = COURSE_SPLIT
    course = train_test_split(everyone, test_size=share, random_state=seed)
    return [*folds.split(everyone, examples.defaulted), tuple(course)]


def _judge(
    name: str, measured: Sequence[Measures], reference: Sequence[Measures], ece: float
) -> Candidate:
    *folds, test = measured
    gains = [ours.auc - theirs.auc for ours, theirs in zip(measured, reference, strict=True)][:-1]
    return Candidate(
        name=name,
        auc=fmean(fold.auc for fold in folds),
        gain=fmean(gains),
        gain_interval=gain_interval(gains, held_out_to_seen=1 / (FOLDS - 1)),
        brier=fmean(fold.brier for fold in folds),
        ks=fmean(fold.ks for fold in folds),
        ece=ece,
        test_auc=test.auc,
    )


def _in_row_order(
    splits: Sequence[Split], found: Sequence[Probabilities], repeat: int
) -> Probabilities:
    """Put the folds of a repeat together again; (n,)."""
    chosen = slice(FOLDS * repeat, FOLDS * (repeat + 1))
    rows = np.concatenate([held_out for _, held_out in splits[chosen]])
    return np.concatenate(found[chosen])[np.argsort(rows)]
