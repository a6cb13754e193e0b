"""Outcomes find their decisions, and what finds none is refused by its line."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from watched import Watched

from credit_risk.errors import UsageError
from credit_risk.monitor.matching import Matched, match
from credit_risk.monitor.outcome_file import Became, OutcomeFile

Write = Callable[..., Path]
LATER = date(2026, 9, 15)


def became(*names: str, line: int = 2, **changed: Any) -> OutcomeFile:
    """Outcomes, a line each."""
    usual = {"defaulted": False, "date": LATER, "override": ""} | changed
    every = {name: Became(line=line + n, **usual) for n, name in enumerate(names)}
    return OutcomeFile(by_reference=False, became=every)


def found(log: Any, watched: Watched, outcomes: OutcomeFile) -> Matched:
    return match(log, outcomes, watched.stored.card)


def test_an_outcome_finds_its_decision(watched: Watched, write: Write) -> None:
    decision = watched.decisions[25]

    matched = found(write(watched.decisions), watched, became("id/25", defaulted=True))

    (loan,) = matched.loans
    assert (loan.probability, loan.status) == (decision["probability"], decision["status"])
    assert loan.defaulted
    assert (loan.decided, loan.month) == (date(2026, 3, 3), "2026-03")
    assert loan.months_on_book == 6
    assert matched.refused == []
    assert matched.own_policy


def test_a_month_on_book_is_a_whole_one(watched: Watched, write: Write) -> None:
    matched = found(write(watched.decisions), watched, became("id/25", date=date(2026, 5, 2)))

    assert [loan.months_on_book for loan in matched.loans] == [1]


def test_what_fits_no_decision_is_refused_in_the_order_of_the_file(
    watched: Watched, write: Write
) -> None:
    outcomes = became("nobody", "id/399")
    outcomes.refused.append("line 9: found the date ''")
    outcomes.became["id/399"] = outcomes.became["id/399"]._replace(date=date(2026, 1, 1))

    matched = found(write(watched.decisions), watched, outcomes)

    assert matched.loans == []
    assert matched.refused == [
        "line 9: found the date ''",
        "line 2: found 'nobody', expected one of a decision in the log",
        "line 3: found the date 2026-01-01, expected none before the decision's, 2026-04-09",
    ]


def test_of_several_decisions_on_a_reference_the_latest_counts(
    watched: Watched, write: Write
) -> None:
    decisions = [
        each | {"application": each["application"] | {"reference": "loan 7"}}
        for each in watched.decisions[:30]
    ]
    outcomes = became("loan 7")
    outcomes.by_reference = True

    (loan,) = found(write(decisions), watched, outcomes).loans

    assert loan.decided == date(2026, 3, 3)
    assert loan.probability == decisions[-1]["probability"]


def test_a_reference_that_was_not_kept_cannot_be_found(watched: Watched, write: Write) -> None:
    outcomes = became("loan 7")
    outcomes.by_reference = True

    with pytest.raises(UsageError, match="found a log that keeps no reference"):
        found(write(watched.decisions, leave_out=["reference"]), watched, outcomes)


def test_outcomes_of_others_and_open_ones_are_counted(watched: Watched, write: Write) -> None:
    write(watched.decisions[:10], header={"model": "credit_risk_model:another"})
    log = write(watched.decisions[10:], header={"policy": {"sha256": "another"}}, days=3)
    outcomes = became("id/1", "id/20", "id/21")
    outcomes.became["id/20"] = outcomes.became["id/20"]._replace(defaulted=None)

    matched = found(log, watched, outcomes)

    assert matched.others == {"credit_risk_model:another": 1}
    assert matched.open == 1
    assert len(matched.loans) == 1
    assert not matched.own_policy
