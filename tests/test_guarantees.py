"""The guarantees of the model: directions that no combination of values breaks.

Trained on the sample, and on the real data where it is at hand; tried on random applications and
on every row it has learned from.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from course import (
    CATEGORIES,
    COLUMNS,
    COURSE_EXAMPLE,
    ENCODER,
    FORM,
    LIMITS,
    MONOTONICITY,
    OPTIONAL_FIELDS,
    Application,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import DATA
from running import PROJECT

from credit_risk.decision import Reasons
from credit_risk.model import RiskModel
from credit_risk.training.data.dataset import read_loans
from credit_risk.training.fitting import Examples, fit_booster
from credit_risk.training.recipes import standard

Learned = tuple[RiskModel, Examples]
REAL = pytest.mark.needs(DATA)
NUMERIC = sorted(set(MONOTONICITY) & set(LIMITS))


def learn(data: Path) -> Learned:
    examples = Examples.encode(FORM, read_loans(data, FORM))
    recipe = standard(FORM)
    return RiskModel(fit_booster(recipe, examples).save_raw(), recipe.prepare()), examples


@pytest.fixture(scope="module", params=["sample", pytest.param("real", marks=REAL)])
def learned(request: pytest.FixtureRequest) -> Learned:
    if request.param == "real":
        return learn(request.getfixturevalue("real_data"))
    return learn(PROJECT / "data" / "sample.csv")


NUMBER = {
    # everyday values as often as extreme ones: most splits are among the former
    name: st.one_of(st.floats(*limits, width=32), st.floats(limits[0], min(limits[1], 500)))
    for name, limits in LIMITS.items()
}
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **{n: st.none() | each if n in OPTIONAL_FIELDS else each for n, each in NUMBER.items()},
    **{name: st.sampled_from(words) for name, words in CATEGORIES.items()},
}
APPLICATIONS = st.fixed_dictionaries(FIELDS)
ENDS = {field: st.tuples(NUMBER[field], NUMBER[field]) for field in NUMERIC}
THREE_TIMES = settings(max_examples=3 * settings().max_examples)


def probabilities(model: RiskModel, *applications: dict[str, Any]) -> list[float]:
    rows = ENCODER.encode([Application.model_validate(each) for each in applications])
    found: list[float] = model.predict(rows).tolist()
    return found


@THREE_TIMES
@given(application=APPLICATIONS, ends=st.fixed_dictionaries(ENDS))
def test_a_guaranteed_number_moves_the_probability_one_way_only(
    learned: Learned, application: dict[str, Any], ends: dict[str, tuple[float, float]]
) -> None:
    changes = [{field: value} for field in NUMERIC for value in sorted(ends[field])]
    found = probabilities(learned[0], *(application | change for change in changes))

    for place, field in enumerate(NUMERIC):
        before, after = found[2 * place : 2 * place + 2]

        assert (after - before) * MONOTONICITY[field] >= 0, (field, ends[field])


@pytest.mark.parametrize("field", NUMERIC)
def test_a_guaranteed_number_does_so_on_every_known_loan(learned: Learned, field: str) -> None:
    model, examples = learned
    place = COLUMNS.index(field)
    known = examples.rows[~np.isnan(examples.rows[:, place])]
    before = model.predict(known)
    for factor, step in ((1, 1), (1, 10), (1.2, 0), (2, 0), (10, 100)):
        changed = known.copy()
        changed[:, place] = np.minimum(known[:, place] * factor + step, LIMITS[field][1])

        assert ((model.predict(changed) - before) * MONOTONICITY[field] >= 0).all()


@THREE_TIMES
@given(application=APPLICATIONS)
def test_a_bad_credit_record_never_lowers_the_probability(
    learned: Learned, application: dict[str, Any]
) -> None:
    without, with_trouble = probabilities(
        learned[0], *(application | {"records": word} for word in ("no", "yes"))
    )

    assert with_trouble >= without


@THREE_TIMES
@given(application=APPLICATIONS)
def test_marital_status_changes_nothing_to_the_last_bit(
    learned: Learned, application: dict[str, Any]
) -> None:
    each = [application | {"marital": word} for word in CATEGORIES["marital"]]

    assert len(set(probabilities(learned[0], *each))) == 1


def test_marital_status_changes_nothing_on_every_known_loan(learned: Learned) -> None:
    model, examples = learned
    marital = [place for place, name in enumerate(COLUMNS) if name.startswith("marital=")]
    shuffled = examples.rows.copy()
    shuffled[:, marital] = np.roll(shuffled[:, marital], 1, axis=1)

    np.testing.assert_array_equal(model.predict(shuffled), model.predict(examples.rows))
    np.testing.assert_array_equal(model.explain(shuffled), model.explain(examples.rows))


def test_the_reasons_add_up_on_every_known_loan(learned: Learned) -> None:
    model, examples = learned
    contributions = model.explain(examples.rows)
    probability = model.predict(examples.rows).astype(np.float64)

    log_odds = np.log(probability / (1 - probability))
    folded = Reasons(FORM, standard(FORM).inputs).sum_by_reason(contributions)
    np.testing.assert_allclose(contributions.sum(axis=1), log_odds, atol=1e-4)
    np.testing.assert_allclose(folded.sum(axis=1) + contributions[:, -1], log_odds, atol=1e-4)


def test_the_rows_order_does_not_matter(learned: Learned) -> None:
    model, examples = learned

    np.testing.assert_array_equal(
        model.predict(examples.rows[::-1]), model.predict(examples.rows)[::-1]
    )


@pytest.mark.parametrize(
    ("applicant", "low", "high"),
    [
        ({"seniority": 20, "job": "fixed", "income": 250, "assets": 20_000, "debt": 0}, 0, 0.1),
        ({"seniority": 0, "job": "partime", "income": 60, "records": "yes", "assets": 0}, 0.7, 1),
    ],
)
def test_a_good_and_a_bad_applicant_are_told_apart(
    learned: Learned, applicant: dict[str, Any], low: float, high: float
) -> None:
    (found,) = probabilities(learned[0], COURSE_EXAMPLE | applicant)

    assert low <= found <= high
