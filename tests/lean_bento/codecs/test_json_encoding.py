"""JSON in other encodings, on both paths."""

import json
from typing import Any

import pytest
from bentoml.exceptions import InvalidArgument
from pydantic import ValidationError

from lean_bento import UniqueKeys
from lean_bento.bentoml_internals import Payload
from lean_bento.codecs.json_encoding import MarkedJSONSerde


class Flower(UniqueKeys):
    petal: float


GOOD = json.dumps({"petal": 1.5})


def read(body: bytes) -> Any:
    return MarkedJSONSerde().deserialize_model(Payload((body,)), Flower)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_and_without_a_byte_order_mark(encoding: str) -> None:
    assert read(GOOD.encode(encoding)) == Flower(petal=1.5)


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_another_encoding_is_named(encoding: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(GOOD.encode(encoding))

    name = encoding[:6].upper()
    assert str(caught.value).startswith(f"The body is JSON in {name}, expected UTF-8")


@pytest.mark.parametrize("body", [b"", b"\x00\x01", b"{", b'{"petal": "\xc3("}', b'{"petal": 1'])
def test_what_is_no_json_in_any_encoding_is_refused_as_before(body: bytes) -> None:
    with pytest.raises(ValidationError):
        read(body)
