"""Long JSON lists, read and written part by part: no other request waits for a whole one.

Reading 10,000 applications at once keeps the event loop for some 40 ms. A list of objects or of
lists can be cut at the comma between two of its items without parsing it. A cut inside of a text
or of an item leaves a part that is not JSON; then, as after any other trouble, the whole is read
at once, and says itself what is wrong with it. Knows nothing of credit.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from lean_bento.rows import DivisibleList, RowAnswers

__all__ = ["LONG", "parts_of", "read_in_parts", "write_in_parts"]

LONG: Final = 500_000
"""Bytes in a part: some 2,000 applications, some ten milliseconds."""

ROWS_IN_A_PART: Final = 2000
"""Of an answer: some five milliseconds."""

Model = TypeVar("Model", bound=DivisibleList)


async def read_in_parts(body: bytes, read: Callable[[bytes], Model]) -> Model:
    """Read a JSON list with ``read`` like ``read(body)``, but with the event loop in between.

    Raises:
        ValidationError: what ``read(body)`` raises.
    """
    parts: list[Model] = []
    try:
        for part in parts_of(body, LONG):
            parts.append(read(part))
            await asyncio.sleep(0)
    except ValidationError:
        return read(body)
    return parts[0].join(parts)


async def write_in_parts(answer: RowAnswers[Any]) -> bytes:
    """Write a long list as its own serialiser does, but with the event loop in between."""
    write = answer.__pydantic_serializer__.to_json
    parts = []
    for start in range(0, len(answer.root), ROWS_IN_A_PART):
        parts.append(write(answer.of(answer.root[start : start + ROWS_IN_A_PART]))[1:-1])
        await asyncio.sleep(0)
    return b"[%b]" % b",".join(parts)


def parts_of(body: bytes, length: int) -> Iterator[bytes]:
    """Cut a JSON list into lists of about ``length`` bytes; if it can't be cut, that is one part.

    If every part is a valid JSON list, then ``body`` is one, and has the items of all of them.
    """
    separator = _separator(body)
    start = body.find(b"[") + 1
    while separator and (comma := body.find(separator, start + length) + 1):
        rest = comma + 1
        if body[rest:].strip() == b"]":
            break  # a comma too many: together with its item it is refused
        yield b"[%b]" % body[start:comma]
        start = rest
    yield b"[%b" % body[start:] if start > 0 else body


def _separator(body: bytes) -> bytes | None:
    """What ends one item and begins the next; None if this is no list of objects or lists."""
    opening = b"".join(body[:100].split())[:2]
    return {b"[{": b"},", b"[[": b"],"}.get(opening)
