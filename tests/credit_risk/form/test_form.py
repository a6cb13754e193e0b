"""What follows from a form, and which forms are refused."""

import pickle
from typing import Any

import pytest
from course import DERIVED, FORM, MONOTONICITY, inputs_without
from hypothesis import given
from hypothesis import strategies as st
from toys import AMOUNT, INCOME, OWNER, PLACE, SEX, SHARE, changed, sentences_for, toy

from credit_risk.decision import Reasons
from credit_risk.errors import FormError
from credit_risk.form import REFERENCE, Compared, Derived, sample_applications
from credit_risk.model import Encoder

HILLS = "Countryside: hills, woods=trees"
NAMES = inputs_without(["marital"])
FREE = {"direction": 0}


def derived(name: str, compute: Any, **rises_with: int) -> Derived:
    return Derived(
        name=name, formula="", unit="", rises_with=rises_with, reason="SHARE", compute=compute
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fields": (changed(AMOUNT, name="1st"),), "derived": ()}, "the name '1st', expected"),
        (
            {"fields": (AMOUNT, changed(INCOME, name="reference")), "derived": ()},
            'the name reference, which every application has, expected another name with column="',
        ),
        (
            {"fields": (AMOUNT, changed(INCOME, name="copy")), "derived": ()},
            'the name copy, which every application has, expected another name with column="inc',
        ),
        (
            {"fields": (AMOUNT, INCOME, changed(OWNER, name="b", reason="INCOME_NOT_STATED"))},
            "found the reason INCOME_NOT_STATED twice, expected each once",
        ),
        ({"fields": (AMOUNT, AMOUNT), "derived": ()}, "found the name amount twice"),
        ({"fields": (AMOUNT, changed(INCOME, column="AMOUNT"))}, "found the column amount twice"),
        ({"fields": (AMOUNT, changed(INCOME, column="Result"))}, "found the column result twice"),
        ({"fields": (AMOUNT, changed(INCOME, reason="SHARE"))}, "found the reason SHARE twice"),
        ({"fields": (SEX,), "derived": ()}, "found no field that a model may see"),
        ({"fields": (AMOUNT, changed(INCOME, prohibited=True))}, "a direction of income, which no"),
        ({"contrast": {"shoe": 1}}, "found shoe in contrast, expected the name of a field"),
        (
            {"compared": (Compared(field="amount", title="x"),)},
            "expected a limit if it is a number",
        ),
        (
            {"derived": (derived("x", abs, owner=1),)},
            "derived column x: found 'owner' in rises_with",
        ),
        (
            {"derived": (derived("x", abs, shoe=1),)},
            "found 'shoe' in rises_with, expected a number",
        ),
        (
            {
                "derived": (
                    derived("x", lambda of: of["amount"] + of["income"], amount=1, income=1),
                )
            },
            "directions of amount, income that ask for both ways, expected one way",
        ),
        (
            {"derived": (derived("x", lambda of: -of["amount"], amount=1),)},
            "derived column x: found a result that falls with amount, expected as said",
        ),
        (
            {"derived": (derived("x", lambda of: 1 / of["amount"], amount=-1),)},
            "found a result that is not finite, expected a finite one everywhere in its ranges",
        ),
        (
            {
                "fields": (changed(AMOUNT, low=-10, direction=0), INCOME),
                "derived": (derived("x", lambda of: 1 / of["amount"], amount=1),),
            },
            "found a result that is not finite, expected a finite one everywhere in its ranges",
        ),
        (
            {"derived": (derived("x", lambda of: abs(of["amount"] - 300), amount=1),)},
            "derived column x: found a result that falls with amount, expected as said",
        ),
        (
            {"derived": (derived("x", lambda of: of["amount"][:1], amount=1),)},
            "derived column x: found compute that raises ValueError: cannot reshape",
        ),
        (
            {"derived": (derived("x", lambda of: of["shoe"], amount=1),)},
            "derived column x: found compute that raises KeyError: 'shoe', expected (n,) numbers",
        ),
        ({"sentences": {}}, "toy: found no sentences, expected reasons.en.toml beside the form"),
        (
            {"sentences": sentences_for("AMOUNT")},
            'toy: sentences["en"] of the form: found no sentence for INCOME',
        ),
        (
            {"sentences": {**toy().sentences, "es": {"AMOUNT": " ", "INCOME": "x", "PLACE": 7}}},
            'sentences["es"] of the form: found no sentence for AMOUNT, INCOME_NOT_STATED, SHARE,',
        ),
        (
            {"sentences": {"English": toy().sentences["en"]}},
            "[\"English\"] of the form: found the language 'English', expected a language as en or",
        ),
        (
            {"sentences": {"en.old": toy().sentences["en"]}},
            "[\"en.old\"] of the form: found the language 'en.old', expected a language as en or",
        ),
    ],
)
def test_a_contradiction_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(FormError) as refused:
        toy(**changes)

    assert said in str(refused.value)


@pytest.mark.parametrize("moves", [{}, {"amount": 2}, {f"n{place}": 1 for place in range(11)}])
def test_a_derived_column_says_how_it_moves(moves: dict[str, int]) -> None:
    with pytest.raises(FormError, match=r"derived column x: found rises_with .*expected 1 to 10"):
        derived("x", abs, **moves)


def test_a_sentence_for_no_reason_is_refused() -> None:
    form = toy()
    with_another = {"en": {**form.sentences["en"], "SHOE": "Your shoes."}}

    with pytest.raises(FormError, match="found a sentence for SHOE, expected one of AMOUNT, "):
        toy(sentences=with_another)


def test_a_reason_that_is_not_told_needs_no_sentence() -> None:
    usual = toy().sentences["en"]
    without = {code: text for code, text in usual.items() if code != "SEX"}

    form = toy(sentences={"en": without, "pt-BR": usual})

    assert list(form.sentences) == ["en", "pt-BR"]
    with pytest.raises(FormError, match=r"of the form: found no sentence for SEX, expected"):
        toy(
            fields=(AMOUNT, INCOME, OWNER, PLACE, changed(SEX, told=True, prohibited=False)),
            sentences={"en": without},
        )


def test_what_no_model_may_see_needs_no_sentence() -> None:
    unseen = changed(INCOME, prohibited=True, direction=0)
    needed = sentences_for("AMOUNT", "OWNER", "OWNER_NOT_STATED")

    form = toy(fields=(AMOUNT, OWNER, unseen), sentences=needed)

    told = {code.code: code.told for code in form.reason_codes}
    assert told == {"AMOUNT": True, "OWNER": True, "INCOME": False, "SHARE": False}
    assert Reasons(form, form.inputs_without(form.prohibited))


def test_what_no_model_may_see_may_have_sentences() -> None:
    form = toy(fields=(AMOUNT, changed(INCOME, prohibited=True, direction=0)))

    assert all(code.told for code in form.reason_codes)


def test_a_relation_that_a_model_may_see_in_part_needs_a_sentence() -> None:
    unseen = changed(INCOME, prohibited=True, direction=0)
    other = derived("other", lambda of: of["amount"], amount=1)

    with pytest.raises(FormError, match="found no sentence for SHARE, expected one"):
        toy(fields=(AMOUNT, unseen), derived=(SHARE, other), sentences=sentences_for("AMOUNT"))


def test_sentences_that_a_draft_left_are_counted() -> None:
    en, es = toy().sentences.values()
    drafted = {"AMOUNT": "TODO: amount.", "SHARE": "TODO", "SEX": "TODO: sex."}

    assert toy().cautions == []
    assert toy(sentences={"en": en | drafted, "es": es}).cautions == [
        "2 sentences for applicants still say TODO, in en: AMOUNT, SHARE"
    ]
    assert toy(sentences={"en": en, "es": es | {"OWNER": "TODO"}}).cautions == [
        "1 sentence for applicants still says TODO, in es: OWNER"
    ]


def test_encoded_columns_are_in_alphabetical_order() -> None:
    assert toy().columns == (
        "amount",
        "income",
        "owner",
        f"place={HILLS}",
        "place=town",
        "place=unknown",
        "sex=f",
        "sex=m",
    )


def test_reasons_follow_the_fields_and_a_relation_its_first_field() -> None:
    found = [(code.code, code.field, code.shows, code.told) for code in toy().reason_codes]

    assert found == [
        ("AMOUNT", "amount", ("amount",), True),
        ("INCOME", "income", ("income",), True),
        ("SHARE", "income", ("income", "amount"), True),
        ("OWNER", "owner", ("owner",), True),
        ("PLACE", "place", ("place",), True),
        ("SEX", "sex", ("sex",), False),
    ]


def test_what_a_model_may_see_leaves_out_all_that_is_made_of_a_field() -> None:
    form = toy()

    assert form.inputs_without(form.prohibited) == (*form.columns[:-2], "amount_to_income")
    assert "amount_to_income" not in form.inputs_without(["income"])


def test_the_constraints_follow_the_directions_through_the_derived_columns() -> None:
    found = dict(zip(NAMES, FORM.constraints(NAMES, MONOTONICITY), strict=True))

    assert {name: found[name] for name in DERIVED} == {
        "amount_to_price": 1,
        "left_each_month": -1,
        "instalment_to_income": 1,
        "net_worth_after_loan": -1,
    }
    assert {name: way for name, way in found.items() if way and name not in DERIVED} == MONOTONICITY


def test_a_direction_that_a_derived_column_cannot_keep_is_refused() -> None:
    with pytest.raises(
        FormError, match="amount_to_price: found directions of amount, price that ask for both ways"
    ):
        FORM.constraints(NAMES, {"amount": 1, "price": 1})


def test_an_encoded_row_is_decoded_into_its_fields() -> None:
    form = toy()
    values = {"amount": 12.34, "income": None, "owner": False, "place": HILLS, "sex": "m"}
    application = form.application.model_validate(values)
    (row,) = Encoder(form).encode([application]).tolist()

    assert form.decode(row) == values


def test_a_field_whose_columns_are_hidden_is_not_known() -> None:
    form = toy()
    row = [float("nan")] * len(form.columns)

    assert form.decode(row) == dict.fromkeys(form.by_name)


@given(seed=st.integers(0, 2**32))
def test_samples_are_applications_and_are_encoded_and_decoded_without_loss(seed: int) -> None:
    form = toy()
    samples = sample_applications(form, 5, seed)
    rows = Encoder(form).encode(samples)

    expected = [each.model_dump(exclude={REFERENCE}) for each in samples]
    assert [form.decode(row) for row in rows.tolist()] == expected


def test_the_fingerprint_tells_what_a_model_was_made_for() -> None:
    form = toy()
    others = [
        toy(fields=(changed(AMOUNT, high=2000), INCOME, OWNER, PLACE, SEX)),
        toy(fields=(changed(AMOUNT, direction=0), INCOME, OWNER, PLACE, SEX)),
        toy(fields=(AMOUNT, INCOME, OWNER, PLACE, changed(SEX, prohibited=False))),
        toy(derived=()),
    ]

    assert len({form.fingerprint, *(each.fingerprint for each in others)}) == len(others) + 1
    assert toy().fingerprint == form.fingerprint
    assert toy(about="Another.", limits_of_use=("x",)).fingerprint == form.fingerprint


def test_a_form_that_was_loaded_is_pickled_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(FORM)) is FORM  # noqa: S301  our own
