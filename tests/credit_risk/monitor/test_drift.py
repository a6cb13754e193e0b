"""What of a drift is said, and when it is an alert."""

import numpy as np
import pytest
from watched import Watched

from credit_risk.errors import UsageError
from credit_risk.monitor.counts import Counts
from credit_risk.monitor.drift import Drift, measure
from credit_risk.monitoring import LEVEL, WARN, critical_value, psi


def drawn(watched: Watched, rows: int, seed: int = 3, **changed: list[float]) -> Counts:
    """Counts of decisions from the population of the reference, but for some fields."""
    random = np.random.default_rng(seed)
    fields = {}
    for name, bins in watched.bins.by_field.items():
        shares = np.array(changed.get(name, bins.reference), dtype=float)
        fields[name] = random.multinomial(rows, shares / shares.sum()).tolist()
    reference = watched.reference
    approved, maybe, declined = fields["decision"]
    return Counts(
        rows=rows,
        fields=fields,
        statuses={"APPROVED": approved, "MAYBE": maybe, "DECLINED": declined},
        probability=0.25 * rows,
        approved=0.1 * approved,
        explained=maybe + declined,
        reasons=dict.fromkeys([*reference.reasons.counts][:2], maybe),
    )


def drift(watched: Watched, counts: Counts, **why: str) -> Drift:
    return measure(counts, watched.bins, watched.reference, watched.stored.card, why)


def towards_the_first(watched: Watched, name: str, weight: float) -> list[float]:
    first, *others = watched.bins.by_field[name].reference
    return [first * weight, *others]


def test_the_population_of_the_reference_has_not_drifted(watched: Watched) -> None:
    found = drift(watched, drawn(watched, 1000))

    assert found.alerts == {}
    assert {each.level for each in found.fields.values()} == {"stable"}
    assert found.unmeasured == {}


@pytest.mark.parametrize(
    ("weight", "level", "effect"),
    [(1.6, "stable", "small"), (2.6, "warn", "moderate"), (9, "page", "large")],
)
def test_an_alert_is_as_loud_as_the_drift_is_large(
    watched: Watched, weight: float, level: str, effect: str
) -> None:
    found = drift(
        watched, drawn(watched, 5000, income=towards_the_first(watched, "income", weight))
    )

    each = found.fields["income"]
    assert (each.level, each.effect) == (level, effect)
    assert [*found.alerts] == ([] if level == "stable" else ["income"])
    assert each.psi > each.critical
    assert each.p_value < 0.05
    assert len(each.labels) == len(each.then) == len(each.now)
    assert [sum(each.then), sum(each.now)] == pytest.approx([1, 1])


def test_a_psi_of_a_tenth_that_chance_explains_is_no_alert(watched: Watched) -> None:
    """With 200 decisions it occurs; the convention alone would alert too often."""
    windows = [drift(watched, drawn(watched, 200, seed=seed)) for seed in range(100)]

    by_convention = [any(each.psi >= WARN for each in w.fields.values()) for w in windows]
    alerts = [bool(w.alerts) for w in windows]
    assert sum(alerts) <= 6
    assert sum(by_convention) > sum(alerts)


def test_windows_without_drift_alert_once_in_a_hundred_at_most(watched: Watched) -> None:
    random = np.random.default_rng(6)
    every = watched.bins.by_field.values()
    alerts = np.zeros(1000, dtype=bool)
    for bins in every:
        reference = np.array(bins.reference)
        rows = reference.sum()
        found = psi(reference, random.multinomial(500, reference / rows, 1000))
        critical = critical_value(rows, 500, len(reference), LEVEL / len(every))
        alerts |= (found > critical) & (found >= WARN)

    assert alerts.mean() <= 0.01


def test_too_few_decisions_are_said_to_be_too_few(watched: Watched) -> None:
    with pytest.raises(UsageError, match="found 199 decisions, expected 200"):
        drift(watched, drawn(watched, 199))


def test_what_is_not_measured_is_said_with_the_reason(watched: Watched) -> None:
    counts = drawn(watched, 300)
    del counts.fields["age"]
    counts.fields["job"] = [1, *[0] * (len(counts.fields["job"]) - 1)]

    found = drift(watched, counts, age="the log does not keep it")

    assert found.unmeasured == {
        "age": "the log does not keep it",
        "job": "fewer than 200 decisions have it",
    }
    assert found.fields.keys() == counts.fields.keys() - {"job"}


def test_what_drift_does_to_decisions_is_said(watched: Watched) -> None:
    counts = drawn(watched, 1000)

    found = drift(watched, counts)

    reference, bands = watched.reference, watched.stored.card.bands.outcomes
    then = reference.decisions.counts["APPROVED"] / reference.decisions.rows
    assert (found.approved.then, found.approved.now) == (then, counts.statuses["APPROVED"] / 1000)
    rows = sum(each.rows for each in bands.values())
    expected = sum(each.rows * each.predicted for each in bands.values()) / rows
    assert (found.risk.then, found.risk.now) == (pytest.approx(expected), 0.25)
    assert found.approved_risk.then == bands["APPROVED"].predicted
    assert found.approved_risk.now == pytest.approx(0.1)


def test_reasons_that_changed_most_come_first(watched: Watched) -> None:
    found = drift(watched, drawn(watched, 1000)).reasons

    changes = [each.change for each in found.values()]
    assert changes == sorted(changes, reverse=True)
    assert found.keys() == watched.reference.reasons.counts.keys()
