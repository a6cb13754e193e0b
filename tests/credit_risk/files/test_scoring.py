"""Parts of files against the scorer itself, on a toy form and on the project's own."""

import asyncio
import json
from typing import Any

import pyarrow as pa
import pytest
from course import FORM
from pydantic import ValidationError
from scored_files import TOY, applications, as_json, scorer

from credit_risk.errors import DataError
from credit_risk.files import BatchScorer, find_columns
from credit_risk.form import Form


def score(form: Form, rows: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    cells = pa.RecordBatch.from_pylist(rows)
    columns = find_columns(form, cells.schema.names, "x.csv")
    found: list[dict[str, Any]] = BatchScorer(form, scorer(form), **options)(
        cells, columns, {}
    ).to_pylist()
    return found


@pytest.mark.parametrize("form", [TOY, FORM], ids=lambda form: form.name)
def test_answers_are_the_scorers_to_the_last_bit(form: Form) -> None:
    texts = applications(form, 3_000)
    sent = [form.application.model_validate_json(as_json(form, each)) for each in texts]
    expected = asyncio.run(scorer(form).assess(sent, language="en"))

    found = score(form, texts, reasons="full")

    assert [each["error"] for each in found] == [None] * len(texts)
    for name in ("status", "default_probability", "model"):
        assert [each[name] for each in found] == [each[name] for each in expected]
    reasons = [json.loads(each["reasons"] or "[]") for each in found]
    assert reasons == [each["reasons"] for each in expected]
    codes = [" ".join(reason["code"] for reason in each["reasons"]) for each in expected]
    assert [each["reasons"] for each in score(form, texts, reasons="codes")] == codes
    assert {each["reasons"] for each in score(form, texts, reasons="none")} == {None}


@pytest.mark.parametrize("size", [1, 7, 15, 16, 17])
def test_the_size_of_a_part_changes_nothing(size: int) -> None:
    texts = applications(TOY, 100)

    found = [row for at in range(0, 100, size) for row in score(TOY, texts[at : at + size])]

    assert found == score(TOY, texts)


def test_a_bad_row_gets_the_error_of_the_service_and_the_others_are_scored() -> None:
    good = applications(FORM, 3)
    bad = [good[0] | {"age": "5"}, good[1] | {"home": "castle", "time": "soon"}]
    rows = [good[0], bad[0], good[1], bad[1], good[2]]

    found = score(FORM, rows)

    assert [found[0], found[2], found[4]] == score(FORM, good)
    for each, refused in ((found[1], "age"), (found[3], "home time")):
        assert [each["status"], each["default_probability"], each["reasons"]] == [None] * 3
        for name in refused.split():
            description = FORM.application.model_fields[name].description
            assert f"{name}: Input should be" in each["error"]
            assert f"expected {description}" in each["error"]
    assert "found 5.0" in found[1]["error"]
    assert "found 'castle'" in found[3]["error"]


def test_it_refuses_what_the_service_refuses_and_nothing_else() -> None:
    """A number at a limit, beside it, infinite, of a wrong kind."""
    texts = applications(TOY, 1)[0]
    edges = ["0", "-0.0", "-1e-320", "1000", "1000.0000000000001", "1e999", "null", "true"]
    rows = [texts | {"amount": each} for each in edges]

    found = score(TOY, rows)

    for row, each in zip(rows, found, strict=True):
        try:
            TOY.application.model_validate_json(as_json(TOY, row))
        except ValidationError:
            assert each["error"].startswith("amount: "), row["amount"]
        else:
            assert each["error"] is None, row["amount"]


def test_a_row_that_could_not_be_read_keeps_its_error() -> None:
    cells = pa.RecordBatch.from_pylist(applications(TOY, 3))
    columns = find_columns(TOY, cells.schema.names, "x.csv")

    found = BatchScorer(TOY, scorer(TOY))(cells, columns, {1: "found 2 cells"}).to_pylist()

    assert [each["error"] for each in found] == [None, "found 2 cells", None]
    assert found[1]["status"] is None


def test_a_part_without_rows_gives_none() -> None:
    cells = pa.RecordBatch.from_pylist(applications(TOY, 1)).slice(1)
    columns = find_columns(TOY, cells.schema.names, "x.csv")

    assert BatchScorer(TOY, scorer(TOY))(cells, columns, {}).num_rows == 0


def test_columns_are_found_by_either_name_in_any_order_and_letter_case() -> None:
    labels = [each.column.upper() for each in reversed(FORM.fields)]

    assert list(find_columns(FORM, labels, "x").values()) == labels[::-1]
    assert list(find_columns(FORM, list(FORM.by_name), "x").values()) == list(FORM.by_name)


def test_an_optional_field_needs_no_column_and_any_other_does() -> None:
    labels = [name for name in TOY.by_name if name not in TOY.optional]

    assert find_columns(TOY, labels, "x")["income"] is None
    with pytest.raises(DataError, match=r"x: found no column for amount; expected one each for"):
        find_columns(TOY, labels[1:], "x")
    with pytest.raises(DataError, match="found 'place' and 'PLACE', expected one of them"):
        find_columns(TOY, [*labels, "PLACE"], "x")
    with pytest.raises(DataError) as caught:
        find_columns(TOY, ['amount"\n7', "\r"], "x")
    assert str(caught.value).endswith('; the file has amount" 7,')
