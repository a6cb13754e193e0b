"""The record of decisions: each entry is complete, and the index by subject names them all."""

import re
from typing import NamedTuple

import pytest
from documents import text_of

TEXT = text_of("docs/decisions.md")
INDEX, *SECTIONS = re.split(r"^## (?=D\d)", TEXT, flags=re.MULTILINE)
PARTS = ("Decision", "Why", "What would change our mind")


class Entry(NamedTuple):
    number: int
    title: str
    status: str
    text: str


def entry(section: str) -> Entry:
    heading, _, text = section.partition("\n")
    number, title = re.fullmatch(r"D(\d+)\. (.+)", heading).groups()  # type: ignore[union-attr]
    found = re.match(r"\n\d{4}-\d\d-\d\d · (.+)\n", text)
    assert found, f"{heading}: found no line with date and status"
    return Entry(int(number), title, found[1], text)


ENTRIES = [entry(section) for section in SECTIONS]


def test_entries_are_numbered_in_order() -> None:
    assert [each.number for each in ENTRIES] == list(range(1, len(ENTRIES) + 1))


@pytest.mark.parametrize("found", ENTRIES, ids=lambda each: f"D{each.number}")
def test_an_entry_has_a_status_and_every_part(found: Entry) -> None:
    later = re.fullmatch(r"(?:amended|superseded) by \[D(\d+)\]\(#\S+\).*", found.status)
    assert found.status == "in force" or later
    assert not later or found.number < int(later[1]) <= len(ENTRIES)
    for part in PARTS:
        assert re.search(rf"^\*\*{part}\.\*\* \S", found.text, re.MULTILINE), part


def test_the_index_names_every_entry_once_with_its_title() -> None:
    named = re.findall(r"^- \[D(\d+)\. (.+)\]\(#(\S+)\)$", INDEX, re.MULTILINE)

    assert sorted((int(number), title) for number, title, _ in named) == [
        (each.number, each.title) for each in ENTRIES
    ]


def test_every_link_to_an_entry_has_its_number() -> None:
    for number, anchor in re.findall(r"\[D(\d+)[^\]]*\]\(#(\S+?)\)", TEXT):
        assert anchor.startswith(f"d{number}-")  # test_links.py finds out whether it is there
