"""Reasons: exact, strongest first, only of what the model uses."""

import json
from typing import Any

import numpy as np
import pytest
from course import COURSE_EXAMPLE, DERIVED, ENCODER, FORM, REASON_CODES, Application, inputs_without
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from toys import AMOUNT, INCOME, OWNER, PLACE, SEX, SHARE, changed, toy

from credit_risk.decision import MAX_REASONS, Reason, Reasons
from credit_risk.errors import EncodingError
from credit_risk.model import Encoder

NAMES = inputs_without(["marital"])
REASONS = Reasons(FORM, NAMES)
FIELDS = list(FORM.by_name)


def row(**values: object) -> np.ndarray:
    return ENCODER.encode([Application.model_validate(COURSE_EXAMPLE | values)])


def contributions(**values: float) -> np.ndarray:
    found = np.zeros((1, len(NAMES) + 1), dtype=np.float32)
    for name, value in values.items():
        found[0, NAMES.index(name.replace("__", "="))] = value
    return found


def codes(row: np.ndarray, contributions: np.ndarray) -> list[str]:
    (reasons,) = REASONS.write(row, contributions)
    return [reason["code"] for reason in reasons]


def test_a_reason_says_what_it_is_to_the_applicant_and_to_the_analyst() -> None:
    found = REASONS.write(row(seniority=1), contributions(seniority=0.25))

    assert found == [
        [
            {
                "code": "SENIORITY",
                "field": "seniority",
                "message": "You have been in your present job for only a short time.",
                "analyst": "seniority 1: adds 0.2500 to the log-odds of default",
                "contribution": 0.25,
            }
        ]
    ]
    assert Reason.model_validate(found[0][0]).contribution == 0.25


def test_the_strongest_come_first_at_most_four_and_only_what_speaks_against() -> None:
    found = codes(
        row(),
        contributions(age=0.1, debt=0.5, price=0.2, time=0.3, expenses=0.4, amount=-2, seniority=0),
    )

    assert found == ["DEBT", "EXPENSES", "TIME", "PRICE"]


def test_of_equal_ones_the_first_field_comes_first() -> None:
    assert codes(row(), contributions(price=0.1, seniority=0.1, debt=0.1)) == [
        "SENIORITY",
        "DEBT",
        "PRICE",
    ]


def test_the_columns_of_a_category_are_one_reason_with_its_word() -> None:
    found = REASONS.write(
        row(home="rent"), contributions(home__rent=0.3, home__owner=0.2, home__unk=-0.1)
    )

    assert [(each["code"], each["contribution"]) for each in found[0]] == [("HOME", 0.4)]
    assert found[0][0]["analyst"].startswith("home rent: ")


def test_a_relation_is_a_reason_of_its_own_and_shows_what_it_is_made_of() -> None:
    found = REASONS.write(
        row(income=150, expenses=60, amount=900, time=36),
        contributions(left_each_month=0.1, instalment_to_income=0.2, income=0.05),
    )

    assert [each["code"] for each in found[0]] == ["AFFORDABILITY", "INCOME"]
    assert found[0][0]["analyst"] == (
        "income 150, expenses 60, amount 900, time 36: adds 0.3000 to the log-odds of default"
    )


@pytest.mark.parametrize(
    ("missing", "inputs", "code"),
    [
        ("income", ("income", "left_each_month", "instalment_to_income"), "INCOME_NOT_STATED"),
        ("assets", ("assets", "net_worth_after_loan"), "ASSETS_NOT_STATED"),
        ("debt", ("debt", "net_worth_after_loan"), "DEBT_NOT_STATED"),
    ],
)
def test_a_missing_number_is_a_reason_of_its_own(
    missing: str, inputs: tuple[str, ...], code: str
) -> None:
    found = REASONS.write(row(**{missing: None}), contributions(**dict.fromkeys(inputs, 0.25)))

    assert [(each["code"], each["field"]) for each in found[0]] == [(code, missing)]
    assert found[0][0]["contribution"] == 0.25 * len(inputs)
    assert "not stated" in found[0][0]["message"]
    assert f"{missing} not stated: " in found[0][0]["analyst"]


TOY = toy(
    fields=(changed(AMOUNT, low=-1_000), changed(INCOME, told=False), OWNER, PLACE, SEX),
    derived=(changed(SHARE, told=False, compute=lambda of: of["amount"] / 1e3 - of["income"]),),
)


def of_the_toy(name: str, sent: dict[str, object], *, decoded: bool) -> dict[str, Any]:
    """The one reason of an application against which one input speaks."""
    application = TOY.application.model_validate_json(json.dumps(TOY.example | sent))
    inputs = TOY.inputs_without(TOY.prohibited)
    contributions = np.zeros((1, len(inputs) + 1), dtype=np.float32)
    contributions[0, inputs.index(name)] = 0.5
    rows = Encoder(TOY).encode([application])
    ((reason,),) = Reasons(TOY, inputs).write(
        rows, contributions, None if decoded else [application]
    )
    return reason


@pytest.mark.parametrize("decoded", [False, True], ids=["application", "row"])
@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (12.34, "12.34"),
        (0.1, "0.1"),
        (250, "250"),
        (250.0, "250"),
        (-0.0, "0"),
        (-12.5, "-12.5"),
        (0.00001, "0.00001"),
    ],
)
def test_a_number_is_written_as_it_was_sent(sent: float, said: str, *, decoded: bool) -> None:
    reason = of_the_toy("amount", {"amount": sent}, decoded=decoded)

    assert reason["analyst"] == f"amount {said}: adds 0.5000 to the log-odds of default"


@pytest.mark.parametrize(
    ("sent", "said", "said_of_row"),
    [
        (1e12, "1000000000000", "1000000000000"),
        (16_777_216, "16777216", "16777216"),
        (123_456_789, "123456789", "123456790"),
        (1_234_567.89, "1234567.89", "1234567.9"),
    ],
)
def test_a_large_number_in_a_row_is_written_with_the_fewest_digits_that_float32_keeps(
    sent: float, said: str, said_of_row: str
) -> None:
    of_application = of_the_toy("income", {"income": sent}, decoded=False)
    of_row = of_the_toy("income", {"income": sent}, decoded=True)

    assert of_application["analyst"].startswith(f"income {said}: ")
    assert of_row["analyst"].startswith(f"income {said_of_row}: ")


@pytest.mark.parametrize(
    ("name", "sent", "code"),
    [
        ("income", {"income": 12.5}, "INCOME"),
        ("income", {"income": None}, "INCOME_NOT_STATED"),
        ("amount_to_income", {}, "SHARE"),
    ],
)
def test_a_code_that_is_not_to_be_told_has_no_message_but_a_sentence_for_the_analyst(
    name: str, sent: dict[str, object], code: str
) -> None:
    reason = of_the_toy(name, sent, decoded=False)

    assert (reason["code"], reason["message"]) == (code, None)
    assert reason["analyst"].endswith(": adds 0.5000 to the log-odds of default")
    assert Reason.model_validate(reason).message is None


@given(
    hnp.arrays(
        np.float32, (3, len(NAMES) + 1), elements=st.floats(-3, 3, width=32, allow_subnormal=False)
    )
)
def test_nothing_is_lost_when_folding(contributions: np.ndarray) -> None:
    folded = REASONS.sum_by_reason(contributions)

    assert folded.shape == (3, len(REASON_CODES))
    np.testing.assert_allclose(
        folded.sum(axis=1, dtype=np.float64),
        contributions[:, :-1].sum(axis=1, dtype=np.float64),
        atol=1e-5,
    )


def test_a_field_that_is_not_used_can_never_be_a_reason() -> None:
    everything_speaks_against = np.ones((1, len(NAMES) + 1), dtype=np.float32)

    folded = REASONS.sum_by_reason(everything_speaks_against)

    unused = [place for place, code in enumerate(REASON_CODES) if code.field == "marital"]
    assert not folded[:, unused].any()


def test_an_input_without_a_ground_is_refused() -> None:
    with pytest.raises(EncodingError, match="'zip'"):
        Reasons(FORM, ["income", "zip"])


def test_every_field_and_every_derived_column_has_a_ground_in_the_order_of_the_fields() -> None:
    fields = [code.field for code in REASON_CODES]

    assert fields == sorted(fields, key=FIELDS.index)
    assert set(fields) == set(FIELDS)
    assert {name for code in REASON_CODES for name in code.inputs} == set(DERIVED)
    assert len({code.code for code in REASON_CODES}) == len(REASON_CODES)
    assert MAX_REASONS == 4
