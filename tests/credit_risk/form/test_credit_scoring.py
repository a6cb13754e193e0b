"""The words of an application, and the codes that the file has for them."""

from course import CATEGORIES, CODES, COLUMNS, LIMITS, OPTIONAL_FIELDS


def test_each_word_has_a_code_of_the_file_and_unknown_is_zero() -> None:
    assert CODES["records"] == {1: "no", 2: "yes"}
    assert CODES["home"][0] == CODES["job"][0] == CODES["marital"][0] == "unk"
    assert all([*CODES[field].values()] == [*words] for field, words in CATEGORIES.items())


def test_there_is_a_column_for_each_number_and_for_each_word() -> None:
    words = [f"{field}={word}" for field, words in CATEGORIES.items() for word in words]

    assert sorted([*LIMITS, *words]) == list(COLUMNS)
    assert LIMITS.keys() >= OPTIONAL_FIELDS
