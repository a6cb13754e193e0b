"""When a rule holds, and which rules do not fit a form."""

from typing import Any

import numpy as np
import pytest
from toys import rule, toy, toy_policy, toy_row

from credit_risk.decision import Decider, Policy
from credit_risk.errors import PolicyError

FORM = toy()


def decide(found: Policy, **changes: Any) -> str:
    """The decision on an application that would be approved without rules."""
    rows = toy_row(FORM, **changes)
    (decision,) = Decider(found, FORM).decide(rows, np.array([0.1], np.float32))
    return decision


@pytest.mark.parametrize(
    ("condition", "holds", "not_"),
    [
        ({"field": "amount", "above": 500}, {"amount": 500.5}, {"amount": 500}),
        ({"field": "amount", "below": 12.34}, {"amount": 12.33}, {"amount": 12.34}),
        ({"field": "income", "above": 12.34}, {"income": 12.35}, {"income": 12.34}),
        ({"field": "income", "above": 5}, {"income": 6}, {"income": None}),
        ({"field": "income", "missing": True}, {"income": None}, {"income": 6}),
        ({"field": "owner", "missing": True}, {"owner": None}, {"owner": False}),
        ({"field": "owner", "equals": False}, {"owner": False}, {"owner": None}),
        ({"field": "place", "equals": "unknown"}, {"place": "unknown"}, {"place": "town"}),
        (
            {"field": "place", "equals": ["town", "Countryside: hills, woods=trees"]},
            {"place": "Countryside: hills, woods=trees"},
            {"place": "unknown"},
        ),
    ],
)
def test_a_rule_holds_where_it_says(
    condition: dict[str, Any], holds: dict[str, Any], not_: dict[str, Any]
) -> None:
    found = toy_policy(rule(**condition))

    assert decide(found, **holds) == "NO"
    assert decide(found, **not_) == "YES"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"field": "shoe", "above": 5}, "found the field 'shoe', expected one of amount, income"),
        ({"field": "sex", "equals": "f"}, "the field 'sex', which may not decide, expected one of"),
        ({"field": "amount", "above": 1000}, "found amount above 1000, expected below or above"),
        (
            {"field": "amount", "equals": "x"},
            "found amount x, expected below or above, within 0 and",
        ),
        ({"field": "amount", "missing": True}, "found amount not stated, expected below or above"),
        ({"field": "owner", "above": 0}, "expected equals = true or false or missing = true"),
        ({"field": "place", "above": 0}, "found place above 0, expected equals, of town"),
        ({"field": "place", "equals": ["town", "moon"]}, "found place moon, expected equals, of"),
        ({"field": "amount", "above": 5, "code": "SHARE"}, "a reason code of the form"),
        ({"field": "amount", "above": 5, "sentences": {"en": "So."}}, "found no sentence in es"),
    ],
)
def test_a_rule_that_does_not_fit_the_form_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        Decider(toy_policy(rule(**wrong)), FORM, "policy.toml")

    assert str(refusal.value).startswith("policy.toml: rule ")
    assert said in str(refusal.value)
