"""What follows from a form is said in lines that a lender can read."""

from typing import Any

import pytest
from toys import AMOUNT, INCOME, OWNER, PLACE, SEX, SHARE, changed, toy

from credit_risk.form import Compared, Outcome
from credit_risk.form.overview import overview

WORDS = {"a": (), "b": (), "c": (), "d": ()}
HIDDEN = changed(INCOME, prohibited=True, direction=0)


def test_a_form_is_said_line_by_line() -> None:
    compared = (
        Compared(field="sex", title="sex"),
        Compared(field="amount", title="amount", limit=500),
    )

    said = overview(toy(compared=compared))

    assert said.splitlines() == [
        (
            "toy: 5 fields, 8 encoded columns, 1 derived column; "
            "no model sees 1 field, 2 encoded columns of these"
        ),
        "outcome result: default bad; repaid good, fine; unknown an empty cell",
        "  amount (number), reason AMOUNT; more of it never lowers the probability",
        (
            "  income (number), reason INCOME; more of it never raises the probability; "
            "missing is an empty cell, -1, n/a"
        ),
        "  owner (yes/no), reason OWNER; missing is an empty cell",
        "  place (category), reason PLACE",
        "  sex (category), reason SEX; no model may see it; the applicant is not told",
        "  amount_to_income = amount / income, reason SHARE",
        "compared: sex, amount below 500 and from it on",
        "languages: en, es",
    ]


def test_a_derived_column_of_a_prohibited_field_is_not_used() -> None:
    said = overview(toy(fields=(AMOUNT, HIDDEN)))

    assert said.startswith(
        "toy: 2 fields, 2 encoded columns, 1 derived column; "
        "no model sees 1 field, 1 encoded column, 1 derived column of these\n"
    )
    assert "  amount_to_income = amount / income, reason SHARE; not used: income is proh" in said


def test_several_prohibited_fields_of_a_derived_column_are_named() -> None:
    hidden = changed(AMOUNT, prohibited=True, direction=0)

    assert "; not used: income and amount are prohibited" in overview(
        toy(fields=(hidden, HIDDEN, OWNER))
    )


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ({"d": +1}, "never lower with d than with another word"),
        ({"a": -1}, "never higher with a than with another word"),
        ({"c": +1, "d": +1}, "never lower with c or d than with another word"),
        ({"a": -1, "b": +1, "c": +1, "d": +1}, "never higher with a than with another word"),
    ],
)
def test_the_directions_of_words_are_one_sentence(direction: dict[str, int], said: str) -> None:
    place = changed(PLACE, words=WORDS, example="a", direction=direction)

    (line,) = [
        each for each in overview(toy(fields=(AMOUNT, INCOME, place))).splitlines() if "pl" in each
    ]
    assert line == f"  place (category), reason PLACE; the probability is {said}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fields": (AMOUNT,), "derived": ()}, "toy: 1 field, 1 encoded column\n"),
        ({"derived": (changed(SHARE, told=False),)}, "reason SHARE; the applicant is not told\n"),
        (
            {"outcome": Outcome(column="x", default=1, repaid=0, unknown=(2, "open"))},
            "outcome x: default 1; repaid 0; unknown 2, open\n",
        ),
        ({"fields": (AMOUNT, INCOME, SEX)}, "compared: none\n"),
    ],
)
def test_what_a_form_declares_is_shown(changes: dict[str, Any], said: str) -> None:
    assert said in overview(toy(**changes))


def test_a_yes_and_words_that_are_all_alike_are_said_in_their_own_way() -> None:
    owner = changed(OWNER, direction=-1)
    place = changed(PLACE, direction=dict.fromkeys(PLACE.words, 1))

    said = overview(toy(fields=(AMOUNT, INCOME, owner, place)))

    assert "reason OWNER; yes never raises the probability; missing is an empty cell\n" in said
    assert "reason PLACE; one direction for all words demands nothing\n" in said


def test_the_last_line_counts_the_sentences_of_a_draft() -> None:
    form = toy(fields=(AMOUNT,), derived=(), sentences={"en": {"AMOUNT": "TODO: amount."}})

    assert overview(form).endswith("\n1 sentence for applicants still says TODO, in en: AMOUNT")
