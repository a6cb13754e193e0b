"""Keys that stand twice are found wherever they are, however they are written."""

from typing import Any

import pytest
from pydantic import ConfigDict, ValidationError

from lean_bento import UniqueKeys
from lean_bento.codecs.duplicate_keys import duplicate_keys


class Flower(UniqueKeys):
    model_config = ConfigDict(extra="allow")

    petal: float
    name: str = ""


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (b"{}", []),
        (b'{"a": 1, "b": {"a": 2}}', []),
        (b'{"a": 1, "b": 2, "a": 3, "a": 4}', ["a"]),
        (b'{"b": 1, "a": 1, "\\u0061" : 2, "b": 3}', ["a", "b"]),
        (b'{"a": "\\"a\\": 1, \\"a\\": 2"}', []),
        (b'[{"a": 1, "a": 1}, 7, {"a": 1}]', [["a"], "7", []]),
        (b'{"a": 1' + b"0" * 5000 + b', "a": 1e9999}', ["a"]),
        ('{"ä": 1, "ä": 2}'.encode(), ["ä"]),
    ],
)
def test_each_duplicate_key_is_found_once(document: bytes, found: Any) -> None:
    assert duplicate_keys(document) == found


@pytest.mark.parametrize("body", ['{"petal": 1}', '{"petal": 1, "name": "a: b"}', b'{"petal":1}'])
def test_json_with_each_key_once_is_accepted(body: str | bytes) -> None:
    assert Flower.model_validate_json(body).petal == 1


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"petal": 1, "petal": 1}', ["petal"]),
        ('{"\\u0070etal" : 1, "petal": 1}', ["petal"]),
        ('{"name": "a: b", "petal": 1, "x": 0, "x": 1, "name": ""}', ["x", "name"]),
    ],
)
def test_every_field_that_stands_twice_is_named(body: str, names: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        Flower.model_validate_json(body)

    assert [finding["loc"] for finding in caught.value.errors()] == [(name,) for name in names]
