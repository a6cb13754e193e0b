"""The comparison of our model with what it must beat."""

from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from course import FORM
from numpy.typing import NDArray
from running import PROJECT
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold

from credit_risk.model import RiskModel
from credit_risk.training import recipes
from credit_risk.training.comparison import Comparison, compare, count_fits
from credit_risk.training.data.dataset import read_loans
from credit_risk.training.evaluation import measure
from credit_risk.training.fitting import Examples, Recipe, fit_booster

Places = NDArray[np.intp]


def folds(examples: Examples, repeats: int) -> list[tuple[Places, Places]]:
    drawn = RepeatedStratifiedKFold(n_splits=5, n_repeats=repeats, random_state=0)
    return list(drawn.split(examples.rows, examples.defaulted))


def take(examples: Examples, places: Places) -> Examples:
    return Examples(examples.rows[places], examples.defaulted[places])


def predict(recipe: Recipe, seen: Examples, held_out: Examples) -> NDArray[np.float32]:
    return RiskModel(fit_booster(recipe, seen).save_raw(), recipe.prepare()).predict(held_out.rows)


@pytest.fixture(scope="module")
def told() -> list[int]:
    return []


@pytest.fixture(scope="module")
def comparison(examples: Examples, told: list[int]) -> Comparison:
    return compare(examples, FORM, repeats=2, on_fit=lambda: told.append(1), workers=2)


def test_the_candidates_are_in_their_order(comparison: Comparison) -> None:
    assert [candidate.name for candidate in comparison.candidates] == [
        "course",
        "logistic regression",
        "spline logistic",
        "ours",
        "ours, with prohibited fields",
    ]
    assert (comparison.folds, comparison.repeats) == (5, 2)


def test_progress_is_told_once_a_fit(comparison: Comparison, told: list[int]) -> None:
    assert comparison
    assert len(told) == count_fits(FORM, 2) == 5 * (5 * 2 + 1)


def test_one_worker_finds_exactly_what_two_find(examples: Examples, comparison: Comparison) -> None:
    alone = compare(examples, FORM, repeats=2, workers=1)

    assert alone.candidates == comparison.candidates
    np.testing.assert_array_equal(alone.probabilities, comparison.probabilities)


def test_every_figure_of_ours_is_as_computed_by_hand(
    examples: Examples, comparison: Comparison
) -> None:
    ours = comparison.candidates[3]
    aucs, course_aucs, briers, distances, eces = [], [], [], [], []
    whole = np.full((2, len(examples)), np.nan)
    for place, (seen, held_out) in enumerate(folds(examples, 2)):
        parts = take(examples, seen), take(examples, held_out)
        found = predict(recipes.standard(FORM), *parts)
        outcomes = parts[1].defaulted
        aucs.append(roc_auc_score(outcomes, found))
        course_aucs.append(roc_auc_score(outcomes, predict(recipes.course(FORM), *parts)))
        briers.append(brier_score_loss(outcomes, found))
        distances.append(
            max((found[outcomes] >= p).mean() - (found[~outcomes] >= p).mean() for p in found)
        )
        whole[place // 5, held_out] = found
    for found in whole:
        bins = np.array_split(np.argsort(found, kind="stable"), 10)
        misses = [abs(examples.defaulted[b].sum() - found[b].sum()) for b in bins]
        eces.append(sum(misses) / len(examples))
    gains = np.subtract(aucs, course_aucs)
    width = 2.2621572 * gains.std(ddof=1) * np.sqrt(1 / 10 + 1 / 4)  # Student's t, 9 degrees

    assert ours.auc == pytest.approx(fmean(aucs), abs=1e-9)
    assert ours.gain == pytest.approx(gains.mean(), abs=1e-9)
    assert ours.gain_interval == pytest.approx(
        (gains.mean() - width, gains.mean() + width), abs=1e-7
    )
    assert ours.brier == pytest.approx(fmean(briers), abs=1e-7)
    assert ours.ks == pytest.approx(fmean(distances), abs=1e-9)
    assert ours.ece == pytest.approx(fmean(eces), abs=1e-6)
    np.testing.assert_array_equal(comparison.probabilities, whole[0])


def test_the_test_auc_is_of_the_split_that_training_draws(
    examples: Examples, comparison: Comparison
) -> None:
    seen, test = examples.split(0.2, 11)

    expected = roc_auc_score(test.defaulted, predict(recipes.course(FORM), seen, test))

    assert comparison.candidates[0].test_auc == pytest.approx(expected, abs=1e-9)


def test_the_first_gains_nothing_over_itself(comparison: Comparison) -> None:
    first = comparison.candidates[0]

    assert (first.gain, first.gain_interval) == (0.0, (0.0, 0.0))


def test_logistic_regression_is_as_computed_by_hand(
    examples: Examples, comparison: Comparison
) -> None:
    aucs = []
    for seen, held_out in folds(examples, 2):
        medians = np.nanmedian(examples.rows[seen], axis=0)
        rows = np.where(np.isnan(examples.rows), medians, examples.rows).astype(np.float64)
        spread = rows[seen].std(axis=0)
        rows = (rows - rows[seen].mean(axis=0)) / np.where(spread == 0, 1, spread)
        weights = LogisticRegression(max_iter=5000).fit(rows[seen], examples.defaulted[seen])
        odds = weights.decision_function(rows[held_out])
        aucs.append(roc_auc_score(examples.defaulted[held_out], odds))

    assert comparison.candidates[1].auc == pytest.approx(fmean(aucs), abs=1e-4)


@pytest.mark.system
def test_ours_keeps_its_lead_on_the_real_data(real_data: Path) -> None:
    loans = read_loans(real_data, FORM)
    everything = Examples.encode(FORM, loans)

    found = compare(everything, FORM, repeats=3)

    course, _, spline, ours, _ = found.candidates
    assert ours.auc >= 0.851
    assert ours.gain >= 0.0105
    assert ours.gain_interval[0] > 0
    assert ours.auc > spline.auc
    assert ours.brier <= 0.1362
    assert ours.ks > course.ks
    assert ours.ece <= 0.025
    assert ours.test_auc >= 0.838
    assert measure(everything.defaulted, found.probabilities).auc >= 0.85
    half = (ours.gain_interval[1] - ours.gain_interval[0]) / 2
    readme = " ".join((PROJECT / "README.md").read_text().split())
    assert (
        f"mean AUC of {ours.auc:.3f} (the course's: {course.auc:.3f}; paired gain {ours.gain:.3f} "
        f"± {half:.3f}), a Brier score of {ours.brier:.3f} ({course.brier:.3f}) and an expected "
        f"calibration error of {ours.ece:.3f}."
    ) in readme
