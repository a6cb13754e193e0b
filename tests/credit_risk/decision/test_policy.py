"""What a policy may consist of, and what its thresholds say."""

from pathlib import Path

import pytest

from credit_risk.decision import STANDARD_POLICY, make_policy, read_policy, two_lines
from credit_risk.errors import PolicyError

FILE = """
[[outcomes]]
status = "YES"
up_to = 0.2

[[outcomes]]
status = "ASK"
up_to = 0.4

[[outcomes]]
status = "SENIOR"
up_to = 0.6

[[outcomes]]
status = "NO"

[[rules]]
field = "amount"
above = 500
outcome = "SENIOR"
code = "LARGE"
sentences.en = "The amount is large."
"""


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
def test_a_threshold_belongs_to_the_milder_decision(probability: float, decision: str) -> None:
    assert STANDARD_POLICY.decide(probability) == decision


def test_equal_thresholds_leave_no_maybe() -> None:
    policy = two_lines(0.4, 0.4)

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
        two_lines(review_above, decline_above)


def test_a_file_has_as_many_outcomes_as_a_lender_has(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(FILE)

    policy = read_policy(file)

    assert policy.statuses == ("YES", "ASK", "SENIOR", "NO")
    assert [policy.decide(each) for each in (0.2, 0.21, 0.6, 0.61)] == [
        "YES",
        "ASK",
        "SENIOR",
        "NO",
    ]
    assert policy.rules[0].condition == "above 500"


def test_what_is_stored_is_read_again_with_the_same_hash(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(FILE)
    policy = read_policy(file)

    again = make_policy(policy.model_dump(exclude_none=True))

    assert again == policy
    assert again.sha256 == policy.sha256 != STANDARD_POLICY.sha256


def test_a_policy_that_was_changed_after_it_was_hashed_is_refused() -> None:
    changed = STANDARD_POLICY.model_dump() | {"sha256": "0" * 64}

    with pytest.raises(PolicyError, match="found sha256 '000000000000', expected "):
        make_policy(changed)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("up_to = 0.4", "up_to = 0.1", "up_to of 0.2, 0.1, 0.6, none, expected rising ones"),
        ("up_to = 0.4", "", "up_to of 0.2, none, 0.6, none, expected rising ones"),
        ("up_to = 0.4", "up_to = 1.5", "outcomes.1.up_to: found 1.5, input should be less than 1"),
        ('"ASK"', '"YES"', "found the status YES twice, expected it once"),
        ('"ASK"', '"a sk"', "outcomes.1.status: found 'a sk'"),
        (
            'outcome = "SENIOR"',
            'outcome = "BOSS"',
            "outcome 'BOSS' in the rule LARGE, expected one",
        ),
        (
            "above = 500",
            "",
            "rule LARGE: found no condition, expected one of below, above, equals, ",
        ),
        (
            "above = 500",
            "above = 500\nbelow = 9",
            "rule LARGE: found below and above, expected one of ",
        ),
        ("above = 500", 'above = "500"', "rule LARGE: above: found '500', input should be a valid"),
        (
            "above = 500",
            "more_than = 500",
            "rule LARGE: more_than: found an unknown key, expected one of field, below, ",
        ),
        (
            "up_to = 0.4",
            "upto = 0.4",
            "outcomes.1.upto: found an unknown key, expected one of stat",
        ),
        ('code = "LARGE"', "", "rules.0.code: found "),
        (
            'code = "LARGE"',
            'cod = "LARGE"',
            "rules.0.cod: found an unknown key, expected one of fie",
        ),
        ('"ASK"', '"a sk"', "expected a letter and then up to 39 letters, digits or _"),
        (
            '"LARGE"',
            '"large"',
            "expected a capital letter and then up to 39 capital letters, digits",
        ),
        ("[[outcomes]]", "[[outcomes", "expected TOML in UTF-8"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence_that_names_it(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    assert old in FILE
    file.write_text(FILE.replace(old, new, 1))

    with pytest.raises(PolicyError) as refusal:
        read_policy(file)

    assert str(refusal.value).startswith(f"{file}: ")
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"policy\.toml: found No such file or directory"):
        read_policy(tmp_path / "policy.toml")
