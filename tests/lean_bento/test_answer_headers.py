import asyncio

import pytest
from lean_bento.middleware.answer_headers import ResponseHeadersMiddleware
from starlette.types import Message, Receive, Scope, Send

from lean_bento import add_header


async def answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"a", b"1")]})
    await send({"type": "http.response.body", "body": b""})


def headers(status: int, *, in_a_task: bool = False) -> list[tuple[bytes, bytes]]:
    """What an application that adds a header answers."""
    sent: list[Message] = []

    async def work() -> None:
        add_header("X-Name", "7")

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await (asyncio.create_task(work()) if in_a_task else work())
        await answer(send, status)

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(ResponseHeadersMiddleware(app)({"type": "http"}, receive, send))
    found: list[tuple[bytes, bytes]] = sent[0]["headers"]
    return found


@pytest.mark.parametrize("in_a_task", [False, True])
def test_a_header_is_added_to_an_answer_of_success(in_a_task: bool) -> None:  # noqa: FBT001
    assert headers(200, in_a_task=in_a_task) == [(b"a", b"1"), (b"x-name", b"7")]


def test_an_error_has_none() -> None:
    assert headers(503) == [(b"a", b"1")]


def test_outside_of_a_request_nothing_happens() -> None:
    add_header("X-Name", "7")
