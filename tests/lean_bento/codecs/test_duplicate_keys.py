"""Repeated keys are found wherever they are, however they are written."""

from typing import Any

import pytest

from lean_bento.codecs.duplicate_keys import duplicate_keys


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
def test_each_repeated_key_is_found_once(document: bytes, found: Any) -> None:
    assert duplicate_keys(document) == found
