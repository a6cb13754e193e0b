"""Thresholds and what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.decision import STANDARD_POLICY, Decision, Policy
from credit_risk.errors import PolicyError


@pytest.mark.parametrize(
    ("probability", "decision"),
    [
        (0.0, "APPROVED"),
        (0.3, "APPROVED"),
        (0.3000001, "MAYBE"),
        (0.5, "MAYBE"),
        (0.5000001, "DECLINED"),
        (1.0, "DECLINED"),
    ],
)
def test_a_threshold_belongs_to_the_milder_decision(probability: float, decision: Decision) -> None:
    assert STANDARD_POLICY.decide(probability) == decision


@given(st.lists(st.floats(0, 1, width=32) | st.sampled_from([0.3, 0.5])))
def test_many_are_decided_as_each_alone(probabilities: list[float]) -> None:
    for kind in (np.float32, np.float64):
        many = np.array(probabilities, dtype=kind)

        assert STANDARD_POLICY.decide_all(many) == [
            STANDARD_POLICY.decide(probability) for probability in many.tolist()
        ]


def test_equal_thresholds_leave_no_maybe() -> None:
    policy = Policy(0.4, 0.4)

    assert {policy.decide(step / 1000) for step in range(1001)} == {
        "APPROVED",
        "DECLINED",
    }


@pytest.mark.parametrize(
    ("review_above", "decline_above"),
    [(0.5, 0.3), (0.0, 0.5), (0.3, 1.0), (-0.1, 0.5), (float("nan"), 0.5)],
)
def test_thresholds_out_of_order_are_refused(review_above: float, decline_above: float) -> None:
    with pytest.raises(PolicyError, match="expected 0 < review_above <= decline_above < 1"):
        Policy(review_above, decline_above)
