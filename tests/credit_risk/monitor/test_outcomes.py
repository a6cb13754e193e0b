"""Which bands are compared with what, and what of it is an alarm."""

from datetime import date, timedelta
from typing import Any

import numpy as np
from watched import Watched

from credit_risk.monitor.matching import Loan, Matched
from credit_risk.monitor.outcomes import judge


def loans(count: int, *, status: str = "APPROVED", worse: float = 1, **changed: Any) -> list[Loan]:
    """Loans of probabilities from 0 to 0.3, whose default rate is ``worse`` times as high."""
    random = np.random.default_rng(8)
    probabilities = random.beta(1.2, 8, count)
    defaulted = random.random(count) < probabilities * worse
    decided = date(2026, 1, 10)
    return [
        Loan(
            **{
                "probability": float(probability),
                "status": status,
                "decided": decided + timedelta(days=n % 60),
                "defaulted": bool(ended),
                "known": decided + timedelta(days=200 + n % 90),
                "override": "",
            }
            | changed
        )
        for n, (probability, ended) in enumerate(zip(probabilities, defaulted, strict=True))
    ]


def test_loans_as_predicted_raise_no_alarm(watched: Watched) -> None:
    found = judge(Matched(loans=loans(2000)), watched.stored.card)

    assert (found.alarms, found.watched) == ([], [])
    (band,) = found.bands
    assert band.band == watched.stored.card.bands.outcomes["APPROVED"]
    assert band.ranking.reference == band.band.auc
    assert found.tests.keys() == {"default rate of APPROVED", "AUC of APPROVED"}


def test_more_defaults_than_predicted_raise_an_alarm(watched: Watched) -> None:
    found = judge(Matched(loans=loans(2000, worse=1.6)), watched.stored.card)

    assert "default rate of APPROVED" in found.alarms


def test_probabilities_that_no_longer_rank_raise_an_alarm(watched: Watched) -> None:
    mixed = np.random.default_rng(1).random(3000) < 0.13
    found = [
        loan._replace(defaulted=bool(ended)) for loan, ended in zip(loans(3000), mixed, strict=True)
    ]

    assert "AUC of APPROVED" in judge(Matched(loans=found), watched.stored.card).alarms


def test_loans_that_people_chose_are_not_judged_by_their_ranking(watched: Watched) -> None:
    chosen = loans(400, status="MAYBE", override="APPROVED")

    found = judge(Matched(loans=[*chosen, *loans(400)]), watched.stored.card)

    assert [each.status for each in found.bands] == ["APPROVED", "MAYBE"]
    assert found.tests.keys() == {
        "default rate of APPROVED",
        "default rate of MAYBE",
        "AUC of APPROVED",
    }
    assert np.isnan(found.bands[1].ranking.reference)
    assert found.by_override["MAYBE, by a person APPROVED"].rows == 400


def test_months_are_of_the_approved(watched: Watched) -> None:
    found = judge(Matched(loans=[*loans(600), *loans(50, status="MAYBE")]), watched.stored.card)

    assert [*found.by_month] == ["2026-01", "2026-02", "2026-03"]
    for by in (found.by_month, found.by_age):
        assert sum(each.rows for each, _ in by.values()) == 600


def test_another_policy_leaves_no_band_to_compare_with(watched: Watched) -> None:
    matched = Matched(loans=loans(500), own_policy=False, open=3)
    matched.others["credit_risk_model:b"] = 4

    found = judge(matched, watched.stored.card)

    assert found.tests.keys() == {"default rate of APPROVED"}
    assert [each.band for each in found.bands] == [None]
    policy, other, still_open = found.notes
    assert policy.startswith("another policy than the model's own decided on some")
    assert other.startswith("4 outcomes are of decisions by credit_risk_model:b; --model")
    assert still_open == "3 outcomes are not known yet"
