"""Rows of CSV, and of a DataFrame in the layout ``split``."""

import csv
import io
import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, ValidationError

from lean_bento import RowBatch, UniqueKeys
from lean_bento.codecs.tables import read_csv, read_split


class Flower(UniqueKeys):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    petal: float = Field(ge=0)
    petals: int
    wild: bool
    kind: Literal["iris", 'a "b", c', "line\nend"]
    sepal: float | None = None
    note: str | None = None


class Flowers(RowBatch[Flower]):
    """Many flowers."""


HEADER = "petal,petals,wild,kind"
KINDS: list[Any] = ["iris", 'a "b", c', "line\nend"]
FLOWERS = st.fixed_dictionaries(
    {
        "petal": st.floats(min_value=0, allow_infinity=False) | st.integers(0, 2**70),
        "petals": st.integers(-(2**60), 2**60),
        "wild": st.booleans(),
        "kind": st.sampled_from(KINDS),
        "sepal": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "note": st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    }
)


def rows_of(body: str | bytes) -> list[Any]:
    body = body if isinstance(body, bytes) else body.encode()
    return [row for _, rows in read_csv(body, Flower) for row in rows]


def refusal_of(body: str | bytes) -> str:
    with pytest.raises(ValidationError) as caught:
        rows_of(body)
    return caught.value.errors()[0]["msg"]


@given(
    flowers=st.lists(FLOWERS, min_size=1, max_size=5),
    order=st.permutations(list(Flower.model_fields)),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    marked=st.booleans(),
)
def test_a_table_has_the_same_rows_as_the_list(
    flowers: list[dict[str, Any]], order: list[str], separator: str, end: str, *, marked: bool
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=end)
    writer.writerows([order, *([flower[name] for name in order] for flower in flowers)])
    body = text.getvalue().encode("utf-8-sig" if marked else "utf-8")
    split = {"columns": order, "data": [[flower[name] for name in order] for flower in flowers]}
    expected = Flowers.model_validate_json(json.dumps(flowers)).root

    assert Flowers.of_rows(rows_of(body)).root == expected
    assert Flowers.model_validate_json(json.dumps(split)).root == expected


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (" 7 ", 7),
        ("", None),
        ("1_000", "1_000"),
        ("1,5", "1,5"),
        ("[1", "[1"),
        ("٣", "٣"),
        ("NaN", "NaN"),
        ("null", "null"),
        ("true", "true"),
        ("007", "007"),
        ("0x10", "0x10"),
        ('"1"', '"1"'),
    ],
)
@pytest.mark.parametrize("others", [[], ["1]", "x"], ["", "2"]], ids=["alone", "odd", "plain"])
def test_a_cell_is_a_number_if_it_is_one_in_json_whatever_stands_beside_it(
    cell: str, found: object, others: list[str]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["petal", "petals", "wild", "kind"]])
    csv.writer(text).writerows([each, 1, "true", "iris"] for each in [cell, *others])

    assert rows_of(text.getvalue())[0]["petal"] == found


def test_truth_is_written_in_any_letter_case() -> None:
    rows = rows_of(f"{HEADER}\n1,1,True,iris\n1,1,false,iris\n1,1,yes,iris\n")

    assert [row["wild"] for row in rows] == [True, False, "yes"]


def test_lines_are_those_where_rows_begin() -> None:
    body = f'{HEADER}\n\n1,1,true,"line\nend"\r\n\r\n2,2,true,iris\n'

    ((lines, rows),) = read_csv(body.encode(), Flower)

    assert lines == [3, 6]
    assert [row["petal"] for row in rows if isinstance(row, dict)] == [1, 2]


def test_a_row_with_a_cell_too_many_or_too_few_is_bad_and_the_others_stay() -> None:
    rows = rows_of(f"{HEADER}\n1,1,true\n2,2,true,iris\n3,3,true,iris,\n")

    assert rows[1] == {"petal": 2, "petals": 2, "wild": True, "kind": "iris"}
    for row, count in ((rows[0], 3), (rows[2], 5)):
        assert f"This row has {count} cells, expected 4" in str(row)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "The header has no petal, petals, wild, kind"),
        ("petal,petals,wild\n", "The header has no kind, expected the columns petal, petals"),
        (f"{HEADER},petal\n", "The header has petal more than once"),
        (f"{HEADER},colour\n", "The header has colour, expected the columns petal, petals"),
        (f"{HEADER},\n", "The header has a column without a name"),
        (f'{HEADER}\n1,1,true,"iris"x\n', "Line 2 cannot be read as CSV"),
        (f'{HEADER}\n1,1,true,"iris\n', "Line 2 cannot be read as CSV"),
        (HEADER.encode("utf-16"), "The body is not UTF-8 at byte 0"),
        (f"{HEADER}\n1,1,true,iris \u00e9".encode("latin-1"), "The body is not UTF-8 at byte"),
    ],
)
def test_what_is_no_table_of_such_rows_is_refused_in_a_sentence(
    body: str | bytes, sentence: str
) -> None:
    assert sentence in refusal_of(body)


@pytest.mark.parametrize(
    "document",
    ["[]", "7", "{}", '{"columns": []}', '{"columns": [], "data": [], "rows": []}', '{"data": []}'],
)
def test_any_other_document_is_no_table(document: str) -> None:
    assert read_split(document.encode(), Flower) is None


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ('{"columns": ["petal"], "data": []}', "The header has no petals, wild, kind"),
        ('{"columns": [7], "data": []}', "The header has 7"),
        ('{"columns": {"a": 1}, "data": []}', "expected columns and data, one list each"),
        ('{"columns": [], "data": [], "data": []}', "expected columns and data, one list each"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_in_a_sentence(document: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Flowers.model_validate_json(document)

    assert sentence in caught.value.errors()[0]["msg"]


def test_a_row_of_a_table_that_is_no_list_of_its_cells_is_bad() -> None:
    table = {"columns": HEADER.split(","), "index": [5, 6, 7, 8]}
    good = [1.5, 1, True, "iris"]
    bad: list[Any] = [good[:3], {"petal": 1}, 7]
    batch = Flowers.model_validate_json(json.dumps({**table, "data": [*bad, good]}))

    assert batch.root[3] == Flower(petal=1.5, petals=1, wild=True, kind="iris")
    assert ["3 cells, expected 4" in str(batch.root[0]), "no list" in str(batch.root[1])] == [
        True,
        True,
    ]
    assert "no list" in str(batch.root[2])
