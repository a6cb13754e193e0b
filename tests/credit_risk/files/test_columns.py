from math import isnan
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from toys import AMOUNT, INCOME, OWNER, PLACE, changed

from credit_risk.files import ColumnReader

YES_AND_NO = (True, False)


def read(field: Any, *cells: Any, kind: Any = None) -> list[Any]:
    """Values of cells; None where it is not sure of them."""
    found = ColumnReader(field).read(pa.array(cells, kind))
    values = zip(found.values.tolist(), found.sure.tolist(), strict=True)
    return ["missing" if isnan(v) else v if sure else None for v, sure in values]


def sure(field: Any, *cells: Any) -> list[bool]:
    return ColumnReader(field).read(pa.array(cells)).sure.tolist()


def test_a_number_is_read_from_text_as_json_is() -> None:
    texts = ["1", "2.5", " 3 ", "1e2", "0.1", "16777217e-5", "+5"]

    assert read(AMOUNT, *texts)[:-1] == [float(text) for text in texts[:-1]]
    assert read(AMOUNT, "x", *texts)[1:] == [float(text) for text in texts]


def test_text_becomes_float64_first_and_then_float32() -> None:
    text = "0.50000002980232238769531251"  # straight to float32 it would be another number
    found = ColumnReader(AMOUNT).read(pa.array([text])).values

    assert found.astype(np.float32)[0] == np.float32(float(text))


@pytest.mark.parametrize("cell", ["", "  ", None, "-1", "-1.0", "n/a"])
def test_what_means_missing_in_the_file_is_missing(cell: str | None) -> None:
    assert read(INCOME, "7", cell) == [7.0, "missing"]
    assert sure(INCOME, "7", cell) == [True, True]


@pytest.mark.parametrize("cell", ["nan", "inf", "12,5", "1_000", "0x10", "7 euro", "٣", "1001"])
def test_it_is_not_sure_of_what_is_no_number_of_the_field(cell: str) -> None:
    assert sure(AMOUNT, "7", cell) == [True, False]
    assert not sure(INCOME, "7", cell)[1] or cell == "1001"


def test_a_missing_cell_of_a_field_that_may_not_miss_is_not_sure() -> None:
    assert sure(AMOUNT, "", None) == [False, False]


def test_numbers_of_any_type_are_read() -> None:
    for kind in (pa.int8(), pa.uint32(), pa.int64(), pa.float32(), pa.float64()):
        assert read(AMOUNT, 1, 12, kind=kind) == [1.0, 12.0]
    assert read(INCOME, 1.5, float("nan"), None, kind=pa.float64()) == [1.5, "missing", "missing"]
    assert read(INCOME, -1, 7, kind=pa.int64()) == ["missing", 7.0]
    assert sure(AMOUNT, *YES_AND_NO) == [False, False]


def test_a_fraction_of_a_whole_number_is_not_sure() -> None:
    assert sure(changed(AMOUNT, whole=True), "1", "1.0", "1.5") == [True, True, False]


def test_a_category_is_read_in_words_and_in_codes() -> None:
    words = list(PLACE.words)
    cells = ["town", "T", "1", "1.0", "C", "Countryside: hills, woods=trees", "", None, "unknown"]

    assert [words[int(place)] for place in read(PLACE, *cells)] == [
        *(["town"] * 4),
        *(["Countryside: hills, woods=trees"] * 2),
        *(["unknown"] * 3),
    ]
    assert sure(PLACE, "village", "town") == [False, True]
    assert read(PLACE, 1, 1.0, kind=pa.float64()) == [0.0, 0.0]
    assert read(PLACE, 1, kind=pa.int64()) == [0.0]
    coded = pa.array(["T", "C"]).dictionary_encode()
    assert ColumnReader(PLACE).read(coded).values.tolist() == [0, 1]


def test_yes_and_no_are_read_in_json_and_in_codes() -> None:
    assert read(OWNER, "true", "yes", "1", "false", "no", "0", "") == [1, 1, 1, 0, 0, 0, "missing"]
    assert read(OWNER, *YES_AND_NO, None, kind=pa.bool_()) == [1.0, 0.0, "missing"]
    assert read(OWNER, 1, 0, kind=pa.int64()) == [1.0, 0.0]
    assert sure(OWNER, "maybe") == [False]


def test_a_code_with_two_meanings_means_nothing() -> None:
    odd = changed(PLACE, words={"a": "b", "b": "c", "d": ()}, example="a")

    assert sure(odd, "b", "c", "a", "d") == [False, True, True, True]
    assert ColumnReader(odd).value_of("b") == "b, which means two things"
