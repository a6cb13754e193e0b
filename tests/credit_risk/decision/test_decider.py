"""Decisions on many rows: thresholds first, then rules."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from toys import rule, toy, toy_policy, toy_row

from credit_risk.decision import STANDARD_POLICY, Decider, Policy
from credit_risk.model import Rows

FORM = toy()


def decide(found: Policy, rows: Rows, probability: float = 0.1) -> str:
    (decision,) = Decider(found, FORM).decide(rows, np.array([probability], np.float32))
    return decision


@given(st.lists(st.floats(0, 1, width=32) | st.sampled_from([0.3, 0.5])))
def test_many_are_decided_as_each_alone(probabilities: list[float]) -> None:
    for kind in (np.float32, np.float64):
        many = np.array(probabilities, dtype=kind)
        rows = np.zeros((len(many), len(FORM.columns)), np.float32)

        assert Decider(STANDARD_POLICY, FORM).decide(rows, many) == [
            STANDARD_POLICY.decide(probability) for probability in many.tolist()
        ]


def test_a_rule_makes_no_decision_milder() -> None:
    found = toy_policy(
        rule("ASK", field="amount", above=1), rule("YES", field="amount", above=1, code="R")
    )

    assert [decide(found, toy_row(FORM, amount=9), risk) for risk in (0.1, 0.4, 0.9)] == [
        "ASK",
        "ASK",
        "NO",
    ]


def test_the_rules_of_a_decision_are_those_that_say_it() -> None:
    found = toy_policy(
        rule("ASK", field="amount", above=1, code="A"),
        rule("NO", field="amount", above=100, code="B"),
        rule("NO", field="owner", equals=False, code="C"),
    )
    decider = Decider(found, FORM)
    rows = np.concatenate(
        [toy_row(FORM, amount=1), toy_row(FORM, amount=50), toy_row(FORM, amount=500, owner=False)]
    )
    decisions = decider.decide(rows, np.full(3, 0.1, np.float32))

    held = [[each.code for each in of] for of in decider.knocked_out_by(rows, decisions)]

    assert held == [[], ["A"], ["B", "C"]]
    assert decider.count_held(rows) == {"A": 2, "B": 1, "C": 1}
