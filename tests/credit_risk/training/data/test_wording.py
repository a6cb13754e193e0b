"""What others wrote is shortened where it can be, and says that it was."""

import pytest

from credit_risk.training.data.wording import cut, first_sentence


@pytest.mark.parametrize(("text", "shown"), [("x" * 100, "x" * 100), ("x" * 101, "x" * 99 + "…")])
def test_a_value_is_cut_to_a_hundred_characters(text: str, shown: str) -> None:
    assert cut(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Not found in the footer. Either the file is", "Not found in the footer"),
        ("an infinite loop.\nThe last 30x error message was:\nFound", "an infinite loop"),
        (
            "Couldn't deserialize: No more data to read.\n",
            "Couldn't deserialize: No more data to read",
        ),
        ("line 1 column 3.5 (char 2)", "line 1 column 3.5 (char 2)"),
        ("", ""),
    ],
)
def test_a_message_is_its_first_sentence_in_one_line(text: str, shown: str) -> None:
    assert first_sentence(text) == shown


def test_a_long_sentence_ends_at_a_word() -> None:
    shown = first_sentence("sentence " * 100)

    assert len(shown) <= 200
    assert shown.endswith("sentence …")
