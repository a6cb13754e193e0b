"""The application: what is accepted, and how a refusal reads."""

import json
import time
from typing import Any

import pytest
from course import (
    CATEGORIES,
    COURSE_EXAMPLE,
    LIMITS,
    OPTIONAL_FIELDS,
    Application,
    ApplicationBatch,
)
from pydantic import ValidationError
from toys import AMOUNT, INCOME, changed, toy

from lean_bento import ErrorResponse
from lean_bento.error_response import explain_findings
from lean_bento.rows import explain_rows

HILLS = "Countryside: hills, woods=trees"
GOOD = json.dumps(COURSE_EXAMPLE)
AGAIN = GOOD.replace("{", '{"age": 30, ', 1)


def read(**changes: Any) -> Application:
    return Application.model_validate_json(json.dumps(COURSE_EXAMPLE | changes))


def read_batch(*rows: str) -> list[Application | ValidationError]:
    return ApplicationBatch.model_validate_json(f"[{','.join(rows)}]").root


def refusal_of(body: str) -> ErrorResponse:
    with pytest.raises(ValidationError) as caught:
        Application.model_validate_json(body)
    return explain_findings(caught.value.errors(), Application)


def problem(**changes: Any) -> tuple[str, str, str | None]:
    """The one problem of the course's example with some changes."""
    (found,) = refusal_of(json.dumps(COURSE_EXAMPLE | changes)).detail
    return found.field, found.message, found.expected


def test_the_course_example_is_accepted_as_it_stands() -> None:
    assert read().model_dump(mode="json") == COURSE_EXAMPLE | {"reference": None}


@pytest.mark.parametrize("reference", ["7", "A-1/2026_x.9:b", "x" * 64])
def test_an_application_may_have_a_reference(reference: str) -> None:
    assert read(reference=reference).reference == reference


@pytest.mark.parametrize("reference", ["", "x" * 65, "-1", "=1+1", "a b", "ä", "a\n", 7, ["a"]])
def test_any_other_reference_is_refused_with_what_was_expected(reference: object) -> None:
    field, _, expected = problem(reference=reference)

    assert field == "reference"
    assert expected
    assert "at most 64 letters, digits" in expected


@pytest.mark.parametrize("field", sorted(OPTIONAL_FIELDS))
def test_what_may_be_missing_may_be_null_or_absent(field: str) -> None:
    absent = {name: value for name, value in COURSE_EXAMPLE.items() if name != field}

    assert getattr(read(**{field: None}), field) is None
    assert getattr(Application.model_validate_json(json.dumps(absent)), field) is None


@pytest.mark.parametrize("field", sorted(set(LIMITS) - OPTIONAL_FIELDS) + sorted(CATEGORIES))
def test_every_other_field_is_required_and_not_null(field: str) -> None:
    absent = {name: value for name, value in COURSE_EXAMPLE.items() if name != field}

    assert refusal_of(json.dumps(absent)).detail[0].message == "Field required"
    assert problem(**{field: None})[0] == field


@pytest.mark.parametrize("field", sorted(LIMITS))
def test_both_limits_are_accepted_and_what_lies_beyond_is_refused(field: str) -> None:
    low, high = LIMITS[field]

    assert getattr(read(**{field: low}), field) == low
    assert getattr(read(**{field: high}), field) == high
    for beyond in (low - 1, high + 1):
        name, _, expected = problem(**{field: beyond})
        assert name == field
        assert expected is not None
        assert f"from {low:.0f} to {high:.0f}" in expected


@pytest.mark.parametrize("field", sorted(LIMITS))
@pytest.mark.parametrize("wrong", ["7", True, [7], {"value": 7}])
def test_a_number_must_be_a_number(field: str, wrong: object) -> None:
    assert problem(**{field: wrong})[:2] == (field, "Input should be a valid number")


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_must_be_finite(literal: str) -> None:
    body = json.dumps(COURSE_EXAMPLE | {"income": "?"}).replace('"?"', literal)

    assert refusal_of(body).detail[0].field == "income"


@pytest.mark.parametrize("field", sorted(OPTIONAL_FIELDS))
def test_the_file_s_mark_for_missing_is_refused_with_the_hint_to_send_null(field: str) -> None:
    name, _, expected = problem(**{field: 99_999_999})

    assert name == field
    assert expected is not None
    assert expected.endswith("null or absent when not known, never 99999999")


@pytest.mark.parametrize("field", sorted(CATEGORIES))
def test_a_category_outside_the_vocabulary_is_refused_with_the_vocabulary(field: str) -> None:
    name, message, expected = problem(**{field: "castle"})

    assert name == field
    for word in CATEGORIES[field]:
        assert f"'{word}'" in message
        assert word in (expected or "")


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    name, message, expected = problem(shoe_size=42)

    assert (name, message) == ("shoe_size", "There is no such field")
    assert (expected or "").startswith("one of the fields seniority, home, time")


def test_every_wrong_field_is_reported_and_not_only_the_first() -> None:
    wrong = {"age": "7", "home": "castle", "zip": 1, "amount": -1}

    refusal = refusal_of(json.dumps(COURSE_EXAMPLE | wrong))

    assert {found.field for found in refusal.detail} == set(wrong)
    assert refusal.error == "The request is not valid: see home, age, amount, zip."


@pytest.mark.parametrize("body", ["[]", "7", "null", '"text"'])
def test_what_is_not_an_object_is_refused(body: str) -> None:
    assert refusal_of(body).detail[0].expected == (
        f"a JSON object with the fields {', '.join(Application.model_fields)}"
    )


@pytest.mark.parametrize(
    "again", ['"age": 26, ', '"\\u0061ge" : 30, ', '"income": null, ', '"home": "rent","age":1,']
)
def test_a_field_that_stands_twice_is_refused_by_name(again: str) -> None:
    body = json.dumps(COURSE_EXAMPLE).replace("{", "{" + again, 1)
    names = [problem.field for problem in refusal_of(body).detail]

    assert names
    assert all(name in {"age", "income", "home"} for name in names)


def test_a_bad_application_of_a_batch_is_refused_alone() -> None:
    rows = read_batch(GOOD, json.dumps(COURSE_EXAMPLE | {"age": 7}), "5", AGAIN, GOOD)
    errors = list(
        explain_rows((row for row in rows if isinstance(row, ValidationError)), Application)
    )

    assert [isinstance(row, Application) for row in rows] == [True, False, False, False, True]
    assert [(error.detail[0].field, error.detail[0].message) for error in errors] == [
        ("age", "Input should be greater than or equal to 18"),
        ("", "This is not a JSON object"),
        ("age", "This field stands there more than once"),
    ]


@pytest.mark.parametrize(
    "row",
    [
        "0",
        "{}",
        AGAIN,
        json.dumps({f"f{n}": 0 for n in range(29)}),
        json.dumps({"a": [[]] * 28}),
    ],
    ids=["number", "empty", "repeated", "unknown fields", "lists"],
)
def test_ten_thousand_bad_applications_cost_little_more_than_good_ones(row: str) -> None:
    def cost(each: str) -> float:
        began = time.thread_time()  # other work on the machine is left out
        rows = read_batch(*[each] * 10_000)
        bad = (row for row in rows if isinstance(row, ValidationError))
        length = sum(len(error.model_dump_json()) for error in explain_rows(bad, Application))
        seconds = time.thread_time() - began
        assert length < 3_000_000
        return seconds

    limit = 25 * min(cost(GOOD) for _ in range(3))

    assert any(cost(row) < limit for _ in range(3))


def test_a_form_s_own_kinds_are_read_and_refused_by_their_names() -> None:
    application = toy().application
    good = {"amount": 1, "owner": None, "place": HILLS, "sex": "f"}

    read = application.model_validate_json(json.dumps(good))
    assert (read.income, read.owner, read.place) == (None, None, HILLS)
    with pytest.raises(ValidationError) as refused:
        application.model_validate_json(json.dumps(good | {"owner": "yes", "place": "moon"}))
    explained = explain_findings(refused.value.errors(), application)
    assert [(each.field, each.expected) for each in explained.detail] == [
        (
            "owner",
            "Whether the home is owned: true or false; null or absent when not known",
        ),
        ("place", f"Where the applicant lives: one of town, {HILLS}, unknown"),
    ]


def test_every_code_of_a_missing_number_is_named() -> None:
    late = changed(AMOUNT, optional=True, missing=(-1, "n/a", 9996, 9998))

    about = toy(fields=(late, INCOME)).application.model_fields["amount"].description

    assert about is not None
    assert about.endswith("; null or absent when not known, never -1 or 9996 or 9998")


def test_a_whole_number_has_no_fraction_and_may_be_written_with_a_point() -> None:
    whole = toy(fields=(changed(AMOUNT, whole=True), INCOME), derived=()).application

    assert whole.model_validate_json('{"amount": 12.0}').amount == 12
    with pytest.raises(ValidationError, match="multiple of 1"):
        whole.model_validate_json('{"amount": 12.5}')


def test_a_word_with_a_colon_is_no_repeated_field() -> None:
    form = toy()
    row = {"amount": 1, "place": HILLS, "sex": "f"}
    twice = json.dumps(row).replace("{", '{"amount": 2, ', 1)
    batch = form.application_batch.model_validate_json(f"[{json.dumps(row)}, {twice}]")
    good, bad = batch.root

    assert good.place == HILLS
    assert "more than once" in str(bad)


def test_money_up_to_a_million_millions_is_read_to_the_last_bit() -> None:
    body = '{"amount": 1, "income": 999999999999.99, "place": "town", "sex": "f"}'

    assert toy().application.model_validate_json(body).income == 999999999999.99
