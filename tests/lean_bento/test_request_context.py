"""The context of a request is one for all layers, and each request has its own."""

import asyncio
import re

from asgi import in_a_request

from lean_bento import add_header, current
from lean_bento.request_context import begin


def test_every_layer_gets_the_same_context() -> None:
    scope = {"path": "/here", "query_string": b"a=1"}

    def layers() -> None:
        outer = begin(scope)
        assert begin(scope) is outer is current()
        assert (outer.path, outer.query) == ("/here", b"a=1")

    in_a_request(layers)


def test_outside_of_a_request_there_is_none_and_nothing_happens() -> None:
    assert current() is None
    add_header("X-Name", "7")


def test_requests_at_the_same_time_have_contexts_of_their_own() -> None:
    async def request(name: str) -> tuple[str, str | None]:
        begin({"path": name, "query_string": b""}).key_name = name
        await asyncio.sleep(0)
        context = current()
        assert context is not None
        return context.path, context.key_name

    async def scenario() -> list[tuple[str, str | None]]:
        return await asyncio.gather(*(request(name) for name in "abc"))

    assert asyncio.run(scenario()) == [(name, name) for name in "abc"]


def test_the_id_of_an_error_is_the_same_throughout_a_request_and_no_other_s() -> None:
    first, second = (begin({"path": "", "query_string": b""}) for _ in range(2))

    assert re.fullmatch("[0-9a-f]{8}", first.error_id)
    assert first.error_id == first.error_id
    assert first.error_id != second.error_id


def test_a_task_of_a_request_adds_headers_to_its_answer() -> None:
    async def work() -> None:
        add_header("X-Name", "7")

    async def request() -> list[tuple[bytes, bytes]]:
        context = begin({"path": "", "query_string": b""})
        add_header("X-Other", "é")
        await asyncio.create_task(work())
        return context.headers

    assert asyncio.run(request()) == [(b"x-other", b"\xe9"), (b"x-name", b"7")]
