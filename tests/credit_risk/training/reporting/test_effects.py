"""Effects of fields, of functions whose effects are known."""

import numpy as np
import pytest
from course import CATEGORIES, COLUMNS, FORM, LIMITS
from numpy.typing import NDArray

from credit_risk.training.reporting.effects import Effect, effects

Rows = NDArray[np.float32]


def column(rows: Rows, name: str) -> NDArray[np.float64]:
    return rows[:, COLUMNS.index(name)].astype(np.float64)


def predict(rows: Rows) -> NDArray[np.float64]:
    """Falls with income, rises with debt for those without a record, and is higher with one."""
    record = column(rows, "records=yes")
    debt = column(rows, "debt") * np.where(record, -1, 1)
    return 0.5 - 0.3 * column(rows, "income") + 0.1 * debt + 0.1 * record


def loans(count: int = 200) -> Rows:
    random = np.random.default_rng(0)
    rows = np.zeros((count, len(COLUMNS)), dtype=np.float32)
    for field in LIMITS:
        rows[:, COLUMNS.index(field)] = random.random(count)
    for field, words in CATEGORIES.items():
        for row, word in enumerate(random.choice(words, count)):
            rows[row, COLUMNS.index(f"{field}={word}")] = 1
    return rows


def of(field: str, rows: Rows, **options) -> Effect:
    return {each.field: each for each in effects(FORM, predict, rows, **options)}[field]


def test_the_effect_of_a_number_is_the_mean_over_the_other_fields() -> None:
    rows = loans()
    others = predict(rows) + 0.3 * column(rows, "income")

    found = of("income", rows)

    assert found.values[0] == pytest.approx(np.quantile(column(rows, "income"), 0.01))
    assert found.values[-1] == pytest.approx(np.quantile(column(rows, "income"), 0.99))
    assert found.probabilities == pytest.approx(others.mean() - 0.3 * np.array(found.values))
    assert found.swing == pytest.approx(0.3 * (found.values[-1] - found.values[0]))


def test_a_word_takes_the_place_of_the_others() -> None:
    rows = loans()

    found = of("records", rows)

    one_word = np.array([0, 1])  # no, yes
    debt = column(rows, "debt").mean()
    expected = 0.5 - 0.3 * column(rows, "income").mean() + 0.1 * debt * (1 - 2 * one_word)
    assert found.values == ("no", "yes")
    assert found.probabilities == pytest.approx(expected + 0.1 * one_word)
    assert sum(found.counts) == len(rows)
    assert found.counts[1] == column(rows, "records=yes").sum()


def test_a_guarantee_that_holds_is_broken_by_no_loan() -> None:
    found = of("income", loans(), guarantees={"income": -1})

    assert (found.direction, found.broken, found.sample) == (-1, 0, 200)


def test_a_guarantee_is_checked_loan_by_loan_and_not_on_the_mean() -> None:
    rows = loans()

    found = of("debt", rows, guarantees={"debt": 1})

    assert found.broken == column(rows, "records=yes").sum()


def test_a_guarantee_of_a_word_is_checked_against_the_other_words() -> None:
    rows = loans()
    worse_without = (0.1 - 0.2 * column(rows, "debt") < 0).sum()

    kept_by_some = of("records", rows, guarantees={"records=yes": 1})
    as_seen_from_the_other = of("records", rows, guarantees={"records=no": -1})

    assert 0 < kept_by_some.broken == worse_without
    assert as_seen_from_the_other.broken == worse_without


def test_what_is_not_guaranteed_is_not_broken() -> None:
    assert (of("debt", loans()).direction, of("debt", loans()).broken) == (0, 0)


def test_excluded_fields_are_left_out_and_the_largest_swing_is_first() -> None:
    found = effects(FORM, predict, loans(), excluded_fields=["marital"])

    assert len(found) == len(FORM.fields) - 1
    assert found[0].field == "income"
    assert "marital" not in {each.field for each in found}


def test_missing_numbers_do_not_matter_and_a_field_that_nobody_has_is_left_out() -> None:
    rows = loans()
    rows[:50, COLUMNS.index("assets")] = np.nan
    rows[:, COLUMNS.index("debt")] = np.nan

    found = effects(FORM, lambda rows: np.full(len(rows), 0.5), rows)

    assert "debt" not in {each.field for each in found}
    assert all(np.isfinite(each.values).all() for each in found if each.field in LIMITS)


def test_at_most_300_loans_are_drawn_the_same_each_time() -> None:
    rows = loans(1000)

    first, second = of("income", rows), of("income", rows)

    assert first.sample == 300
    assert (first.probabilities == second.probabilities).all()
    assert sum(of("job", rows).counts) == 1000


def test_two_words_of_one_direction_are_not_held_against_each_other() -> None:
    words = {f"job={word}": -1 for word in FORM.categories["job"]} | {"job=unk": 1, "job=others": 1}
    chances = dict(zip(words, (0.9, 0.1, 0.2, 0.3, 0.7), strict=True))

    def by_job(rows: np.ndarray) -> np.ndarray:
        return np.array(sum(rows[:, COLUMNS.index(name)] * p for name, p in chances.items()))

    (job,) = (each for each in effects(FORM, by_job, loans(), (), words) if each.field == "job")
    assert (job.direction, job.broken) == (1, 0)
