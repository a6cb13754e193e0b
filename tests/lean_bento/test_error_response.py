"""pydantic's findings become one answer that names every wrong field, and no long one."""

import json

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lean_bento import ErrorResponse
from lean_bento.error_response import echo, explain_findings


class Flower(BaseModel):
    model_config = ConfigDict(extra="forbid")

    petal: float = Field(ge=0, description="Length of a petal, cm: a number from 0")
    colour: str = Field(max_length=9, description="Colour: one word")


def errors_of(body: str, model: type[BaseModel] | None = Flower) -> ErrorResponse:
    with pytest.raises(ValidationError) as caught:
        Flower.model_validate_json(body)
    return explain_findings(caught.value.errors(), model)


def test_every_wrong_field_is_named_with_what_it_expects() -> None:
    found = errors_of('{"petal": -1, "leaf": 2}')

    assert found.error == "The request is not valid: see petal, colour, leaf."
    assert [(each.field, each.message, each.expected) for each in found.detail] == [
        (
            "petal",
            "Input should be greater than or equal to 0",
            "Length of a petal, cm: a number from 0",
        ),
        ("colour", "Field required", "Colour: one word"),
        ("leaf", "There is no such field", "one of the fields petal, colour"),
    ]


@pytest.mark.parametrize("body", ["", "{", '{"petal": 7', "nonsense", "\x00"])
def test_what_is_not_json_is_told_in_a_sentence(body: str) -> None:
    assert errors_of(body).error.startswith("Invalid JSON: ")


@pytest.mark.parametrize("body", ["[]", "7", "null", '"text"'])
def test_what_is_no_object_is_told_which_fields_one_has(body: str) -> None:
    assert errors_of(body).detail[0].expected == "a JSON object with the fields petal, colour"


def test_without_a_model_nothing_is_expected() -> None:
    assert {problem.expected for problem in errors_of("{}", model=None).detail} == {None}


def test_nothing_that_is_known_is_told_as_such() -> None:
    assert explain_findings([]).error == "The request is not valid."


def test_a_long_name_is_not_echoed_whole() -> None:
    assert len(errors_of(json.dumps({"x" * 5000: 1})).detail[-1].field) == 50
    assert len(echo("x" * 5000)) == 50
    assert echo("short") == "short"


def test_thousands_of_unknown_fields_do_not_make_thousands_of_problems() -> None:
    body = {"petal": 1, "colour": "red"} | {f"x{n}": n for n in range(5000)}
    found = errors_of(json.dumps(body))

    assert len(found.detail) == 50
    assert found.detail[-1].message == "and 4951 more"


def test_a_client_s_own_words_are_echoed_in_at_most_a_hundred_characters() -> None:
    for names in (["Q" * 5000], [f"Q{n}" + "Q" * 60 for n in range(9)], ["Q" * 30] * 2):
        body = dict.fromkeys(names, "Q" * 500) | {"petal": 1, "colour": "Q" * 500}

        assert errors_of(json.dumps(body)).model_dump_json().count("Q") <= 100
