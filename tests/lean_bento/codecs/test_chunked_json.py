"""A list read in parts is the list read at once, whatever is in it."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import RootModel, ValidationError

from lean_bento.codecs import chunked_json
from lean_bento.codecs.chunked_json import parts_of, read_in_parts, write_in_parts


class Items(RootModel[list[Any]]):
    """Any list."""

    @classmethod
    def join(cls, parts: list["Items"]) -> "Items":
        """Put the items of all together."""
        return cls([item for part in parts for item in part.root])

    @classmethod
    def of(cls, rows: list[Any]) -> "Items":
        """Hold rows."""
        return cls.model_construct(root=rows)


TEXT = st.text(alphabet=st.sampled_from('[]{},:" \\ax'), max_size=8)
VALUE = st.recursive(
    st.none() | st.integers(0, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
LIST = st.lists(st.dictionaries(TEXT, VALUE)) | st.lists(st.lists(VALUE)) | st.lists(VALUE)


def read(body: bytes, monkeypatch: pytest.MonkeyPatch) -> Items | str:
    with monkeypatch.context() as patch:
        patch.setattr(chunked_json, "LONG", 5)
        try:
            return asyncio.run(read_in_parts(body, Items))
        except ValidationError as error:
            return str(error)


def read_at_once(body: bytes) -> Items | str:
    try:
        return Items.model_validate_json(body)
    except ValidationError as error:
        return str(error)


@given(items=LIST, indent=st.sampled_from([None, 0, 1]))
def test_every_list_is_read_alike(items: list[Any], indent: int | None) -> None:
    body = json.dumps(items, indent=indent).encode()

    with pytest.MonkeyPatch.context() as patch:
        assert read(body, patch) == Items(items)


@given(items=LIST, data=st.data())
def test_what_is_no_list_is_refused_alike(items: list[Any], data: st.DataObject) -> None:
    body = json.dumps(items)
    place = data.draw(st.integers(0, len(body)))
    odd = (body[:place] + data.draw(st.sampled_from([",", "]", "}", '"', ""]))).encode()

    with pytest.MonkeyPatch.context() as patch:
        assert read(odd, patch) == read_at_once(odd)


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"[]", b"{}", b"7", b"[[],]", b"[[1],[2],]", b"[{},{},  ]", b'[{"a":"},{"},{}]'],
)
def test_odd_ends(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(body, monkeypatch) == read_at_once(body)


def test_a_long_list_is_cut() -> None:
    body = json.dumps([{"a": number} for number in range(100)]).encode()

    assert len(list(parts_of(body, 100))) > 5


@pytest.mark.parametrize("length", [0, 1, 4, 5, 6, 23])
def test_a_list_written_in_parts_is_the_list_written_at_once(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunked_json, "ROWS_IN_A_PART", 5)
    items = Items([{"n": n, "text": "],["} for n in range(length)])

    assert asyncio.run(write_in_parts(items)).decode() == items.model_dump_json()
