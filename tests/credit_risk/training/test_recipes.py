"""The recipes of the models."""

from dataclasses import replace
from pathlib import Path

import pytest
from course import COLUMNS, FORM, MONOTONICITY

from credit_risk.errors import DataError
from credit_risk.training.recipes import PARAMETERS, course, standard, with_prohibited


def test_the_standard_recipe_has_no_marital_status_and_all_constraints() -> None:
    recipe = standard(FORM)

    assert not [name for name in recipe.inputs if name.startswith("marital")]
    assert recipe.never_falls_with == MONOTONICITY
    assert recipe.missing_as is None


def test_with_prohibited_status_nothing_else_changes() -> None:
    recipe = with_prohibited(FORM)
    added = [name for name in recipe.inputs if name not in standard(FORM).inputs]

    assert added == [name for name in COLUMNS if name.startswith("marital=")]
    assert replace(recipe, name="standard", inputs=standard(FORM).inputs) == standard(FORM)


def test_the_course_s_recipe_sees_every_column_and_has_no_constraints() -> None:
    assert (course(FORM).inputs, dict(course(FORM).never_falls_with), course(FORM).missing_as) == (
        COLUMNS,
        {},
        0,
    )


def test_parameters_come_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "parameters.toml"
    path.write_text("[parameters]\nrounds = 7\neta = 0.5\n")

    assert (standard(FORM, path).rounds, standard(FORM, path).parameters) == (7, {"eta": 0.5})
    assert standard(FORM, PARAMETERS) == standard(FORM)


@pytest.mark.parametrize("text", [None, "no TOML", "[provenance]", "[parameters]\neta = 0.5"])
def test_what_is_no_file_of_parameters_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "parameters.toml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(DataError, match=r"parameters\.toml: found no parameters"):
        standard(FORM, path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rounds = 0", "found rounds = 0, expected a whole number from 1 to 10000"),
        ("rounds = 1.5", "found rounds = 1.5, expected a whole number"),
        ("rounds = 5\neta = nan", "found eta = nan, expected a finite number or a text"),
        ("rounds = 5\neta = inf", "found eta = inf, expected a finite number or a text"),
        ("rounds = 5\neta = true", "found eta = True, expected a finite number or a text"),
        ("rounds = 5\n[parameters.eta]\na = 1", "found eta = {'a': 1}, expected a finite"),
        ("rounds = 5\nseed = 1", "found seed, expected only what may differ between models"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "parameters.toml"
    path.write_text(f"[parameters]\n{text}\n")

    with pytest.raises(DataError) as refused:
        standard(FORM, path)
    assert said in str(refused.value)
