"""The search for parameters and the file it writes."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import fmean

import pytest
from course import FORM
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from credit_risk.form import Form
from credit_risk.model import RiskModel
from credit_risk.training.fitting import Examples, fit_booster, fit_vectorizer
from credit_risk.training.recipes import PARAMETERS, standard
from credit_risk.training.tuning import Parameters, mean_auc, tune, write_parameters

PROVENANCE = {
    "data": 'a "quoted" name.csv',
    "sha256": "ab12",
    "date": date(2026, 11, 21),
    "trials": 2,
    "found": 0.85123,
}
SMALL: Parameters = {"rounds": 5, "eta": 0.3, "max_depth": 2}


@pytest.fixture(scope="module")
def examples(examples: Examples) -> Examples:
    """Fewer of them."""
    return Examples(examples.rows[:400], examples.defaulted[:400])


def present() -> Parameters:
    return {**standard(FORM).parameters, "rounds": standard(FORM).rounds}


class Judge:
    """Stands in for the cross-validation: remembers what it is asked and prefers a large eta."""

    def __init__(self) -> None:
        self.asked: list[Parameters] = []

    def __call__(self, _: Examples, __: Form, parameters: Parameters) -> float:
        self.asked.append(parameters)
        return float(parameters["eta"])


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="module")
def told() -> list[int]:
    return []


@pytest.fixture(scope="module")
def searched(examples: Examples, judge: Judge, told: list[int]) -> tuple[Parameters, float]:
    """What a search of 40 trials finds."""
    return tune(examples, FORM, trials=40, on_trial=lambda: told.append(1), score=judge)


def test_progress_is_told_once_a_trial(searched: object, told: list[int]) -> None:
    assert searched
    assert len(told) == 40


def test_the_first_trial_is_the_present_parameters(searched: object, judge: Judge) -> None:
    assert searched
    assert judge.asked[0] == present()
    assert all(asked != present() for asked in judge.asked[1:])


def test_the_best_of_all_trials_comes_back_as_it_was_measured(
    searched: tuple[Parameters, float], judge: Judge
) -> None:
    found, score = searched

    assert found == max(judge.asked, key=lambda asked: asked["eta"])
    assert score == found["eta"]
    assert found["eta"] > present()["eta"]


def test_a_search_that_finds_nothing_better_keeps_the_present_parameters(
    examples: Examples,
) -> None:
    def only_the_present(_: Examples, __: Form, parameters: Parameters) -> float:
        return float(parameters == present())

    assert tune(examples, FORM, trials=10, score=only_the_present) == (present(), 1.0)


def test_a_search_is_the_same_each_time(examples: Examples, searched: object, judge: Judge) -> None:
    again = Judge()

    tune(examples, FORM, trials=15, score=again)

    assert searched
    assert again.asked == judge.asked[:15]


def test_every_trial_keeps_to_the_ranges_and_to_four_digits(searched: object, judge: Judge) -> None:
    assert searched
    for asked in judge.asked:
        assert set(asked) == set(present())
        assert asked["max_depth"] == 2
        assert asked["rounds"] in range(200, 501, 50)
        assert asked["max_bin"] in range(16, 65, 8)
        assert 0.03 <= asked["eta"] <= 0.1
        assert 1 <= asked["min_child_weight"] <= 30
        assert 0.1 <= asked["lambda"] <= 20
        assert 0.5 <= asked["subsample"] <= 1
        for share in (asked["colsample_bytree"], asked["colsample_bynode"]):
            assert 0.3 <= share <= 1
        assert all(value == float(f"{value:.4g}") for value in asked.values())


def test_what_is_measured_is_the_standard_recipe_on_folds_of_its_own(examples: Examples) -> None:
    recipe = replace(standard(FORM), rounds=5, parameters={"eta": 0.3, "max_depth": 2})
    folds = StratifiedKFold(5, shuffle=True, random_state=2)
    aucs = []
    for seen, held_out in folds.split(examples.rows, examples.defaulted):
        booster = fit_booster(recipe, Examples(examples.rows[seen], examples.defaulted[seen]))
        probabilities = RiskModel(booster.save_raw(), recipe.prepare()).predict(
            examples.rows[held_out]
        )
        aucs.append(roc_auc_score(examples.defaulted[held_out], probabilities))

    assert mean_auc(examples, FORM, SMALL) == pytest.approx(fmean(aucs), abs=1e-12)


def test_marital_status_changes_nothing_in_the_search(examples: Examples) -> None:
    shuffled = examples.rows.copy()
    vectorizer = fit_vectorizer(FORM)
    marital = [n.startswith("marital=") for n in vectorizer.get_feature_names_out()]
    shuffled[:, marital] = 1 - shuffled[:, marital]

    other = mean_auc(Examples(shuffled, examples.defaulted), FORM, SMALL)

    assert other == mean_auc(examples, FORM, SMALL)


def test_two_real_trials_end_no_worse_than_they_began(examples: Examples) -> None:
    found, score = tune(examples, FORM, trials=2)

    assert mean_auc(examples, FORM, found) == score >= mean_auc(examples, FORM, present())


def test_what_is_written_is_read_as_the_same_recipe(
    tmp_path: Path, searched: tuple[Parameters, float]
) -> None:
    path = tmp_path / "parameters.toml"
    found, _ = searched

    write_parameters(path, found, PROVENANCE)

    recipe = standard(FORM, path)
    assert {**recipe.parameters, "rounds": recipe.rounds} == found
    assert replace(recipe, parameters={}, rounds=0) == replace(
        standard(FORM), parameters={}, rounds=0
    )


def test_the_file_says_where_the_parameters_come_from_as_the_one_that_is_there(
    tmp_path: Path,
) -> None:
    path = tmp_path / "parameters.toml"
    there = tomllib.loads(PARAMETERS.read_text())

    write_parameters(path, there["parameters"], PROVENANCE)

    written = tomllib.loads(path.read_text())
    measure = "mean AUC, 5-fold cross-validation on folds of its own (random_state=2)"
    assert written["provenance"] == {**PROVENANCE, "found": 0.8512, "measure": measure}
    assert written["parameters"] == present()
    assert list(written) == list(there)
    assert list(written["parameters"]) == list(there["parameters"])
    assert set(written["provenance"]) >= set(there["provenance"])
    assert path.read_text().splitlines()[0] == PARAMETERS.read_text().splitlines()[0]
