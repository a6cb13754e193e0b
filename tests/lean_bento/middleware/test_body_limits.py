"""A body is read as far as its limit, and no further."""

import asyncio
from http import HTTPStatus
from typing import Any

import pytest
from bentoml.exceptions import BentoMLException
from lean_bento.middleware.body_limits import BodyLimitsMiddleware, RowLimit

TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def send_through(
    pieces: list[bytes], headers: list[tuple[bytes, bytes]], path: str = "/here"
) -> tuple[list[int], int]:
    """Statuses that the layer answered by itself, and how many pieces were read."""
    left = iter(pieces)
    read = 0
    statuses = []

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": next(left), "more_body": read < len(pieces)}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    async def read_all(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    app = BodyLimitsMiddleware(read_all, {"/here": 10}, otherwise=3)
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(app(scope, receive, send))
    return [status for status in statuses if status], read


@pytest.mark.parametrize(("path", "pieces"), [("/here", [b"12345", b"67890"]), ("/else", [b"123"])])
def test_up_to_its_limit_a_body_is_read(path: str, pieces: list[bytes]) -> None:
    assert send_through(pieces, [], path) == ([], len(pieces))


@pytest.mark.parametrize(("path", "length"), [("/here", b"11"), ("/else", b"4")])
def test_what_says_that_it_is_larger_is_refused_unread(path: str, length: bytes) -> None:
    assert send_through([b"1"], [(b"content-length", length)], path) == ([TOO_LARGE], 0)


def test_what_does_not_say_so_is_refused_at_the_first_byte_too_many() -> None:
    with pytest.raises(BentoMLException, match="at most 10 bytes") as caught:
        send_through([b"12345", b"678901", b"2"], [])

    assert caught.value.error_code == TOO_LARGE


def test_rows_and_values_are_counted() -> None:
    limit = RowLimit(most=7, width=3)

    limit.check(rows=7, values=21)
    with pytest.raises(BentoMLException, match="more than 7 rows: send at most 7") as caught:
        limit.check(rows=8)

    assert caught.value.error_code == TOO_LARGE

    with pytest.raises(BentoMLException, match="22 values, which 7 rows do not need") as caught:
        limit.check(values=22)

    assert caught.value.error_code == TOO_LARGE
