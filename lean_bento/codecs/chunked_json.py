"""Long JSON lists, read and written part by part: other requests run between two parts.

Reading 10,000 rows of a dozen fields at once keeps the event loop for some 40 ms. A list of
objects or of lists is cut at a comma between two of its items, without parsing it. A cut inside of
a text or of an item leaves a part that is not valid JSON. After any error of a part the whole list
is read at once, and the error is the one of the whole.
"""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from lean_bento.codecs.tables import ROWS_IN_A_PART, read_split
from lean_bento.rows import RowAnswers, RowBatch

LONG: Final = 500_000
"""Bytes in a part: some 2,000 rows of a dozen fields, some ten milliseconds."""


async def read_in_parts(body: bytes, model: Any) -> Any:  # noqa: ANN401  see below
    """Do what ``model_validate_json`` does, with other tasks of the event loop in between.

    Args:
        body: JSON.
        model: a ``DivisibleList`` that is a model of pydantic.

    Raises:
        ValidationError: what ``model_validate_json`` raises.
    """
    parts = []
    try:
        for part in _read(body, model):
            parts.append(part)
            await asyncio.sleep(0)
    except ValueError:  # a ValidationError is one, and so is an error of JSON
        return model.model_validate_json(body)
    return model.join(parts)


def _read(body: bytes, model: Any) -> Iterator[Any]:  # noqa: ANN401  as above
    table = read_split(body, model.row_model) if issubclass(model, RowBatch) else None
    if table is None:
        yield from map(model.model_validate_json, parts_of(body, LONG))
    while table and (rows := list(islice(table, ROWS_IN_A_PART))):
        yield model.of_rows(rows)


async def write_in_parts(answer: RowAnswers[Any]) -> bytes:
    """Write a long list as its own serialiser does, with other tasks in between."""
    write = answer.__pydantic_serializer__.to_json
    parts = []
    for start in range(0, len(answer.root), ROWS_IN_A_PART):
        parts.append(write(answer.of(answer.root[start : start + ROWS_IN_A_PART]))[1:-1])
        await asyncio.sleep(0)
    return b"[%b]" % b",".join(parts)


def parts_of(body: bytes, length: int) -> Iterator[bytes]:
    """Cut a JSON list into lists of about ``length`` bytes; a body that has no cut is one part.

    If every part is a valid JSON list, then ``body`` is one with the items of all parts.
    """
    separator = _separator(body)
    start = body.find(b"[") + 1
    while separator and (comma := body.find(separator, start + length) + 1):
        rest = comma + 1
        if body[rest:].strip() == b"]":
            break  # a comma too many: it is refused together with its item
        yield b"[%b]" % body[start:comma]
        start = rest
    yield b"[%b" % body[start:] if start > 0 else body


def _separator(body: bytes) -> bytes | None:
    """Return the end of an item and its comma; None if this is no list of objects or lists."""
    opening = b"".join(body[:100].split())[:2]
    return {b"[{": b"},", b"[[": b"],"}.get(opening)
