"""A request is answered by its method under the limits of BentoML's path, or by an error."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, TypeVar

import bentoml
import pytest
from asgi import Message
from bentoml.exceptions import BentoMLException, InvalidArgument, ServiceUnavailable
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse

from lean_bento import (
    NPY,
    ErrorResponse,
    Flag,
    RowAnswers,
    RowBatch,
    UniqueKeys,
    add_header,
    current,
    options,
    query_value,
)
from lean_bento.endpoint_options import EndpointOptions
from lean_bento.fast_path.endpoint import Deadlines, Endpoint, readers
from lean_bento.fast_path.stack import Stack
from lean_bento.middleware.errors import ErrorMiddleware
from lean_bento.middleware.load_shedding import LoadSheddingMiddleware
from lean_bento.middleware.request_checks import EndpointLimits
from lean_bento.rows import RowLimit

T = TypeVar("T")
FLAG = Flag("loud", "Whether.", otherwise=False)
LIMITS = EndpointLimits(EndpointOptions(query=(FLAG,)), body=100, rows=RowLimit(7))
GOOD = b'{"petal": 1.5}'


class Flower(UniqueKeys):
    petal: float = Field(ge=0, description="Length of a petal, cm: a number from 0")


class Kind(BaseModel):
    kind: str


class Counts:
    """Takes the place of the metrics."""

    def __init__(self) -> None:
        self.under_way = 0
        self.seen: list[int | None] = []
        self.causes: list[str] = []

    def start(self) -> float:
        self.under_way += 1
        return 0.0

    def finish(self, _began: float, status: int | None) -> None:
        self.under_way -= 1
        self.seen.append(status)

    def shed(self, cause: str) -> None:
        self.causes.append(cause)
        self.finish(self.start(), 429)


class Answer:
    """What an endpoint has sent."""

    def __init__(self, messages: list[Message], counts: Counts) -> None:
        self.messages = messages
        self.counted = counts.seen
        self.causes = counts.causes
        assert counts.under_way == 0
        if messages:
            self.status: int = messages[0]["status"]
            self.headers: dict[bytes, bytes] = dict(messages[0]["headers"])
            self.body: bytes = b"".join(message.get("body", b"") for message in messages[1:])

    @property
    def error(self) -> ErrorResponse:
        return ErrorResponse.model_validate_json(self.body, strict=True)


async def read_flower(body: bytes) -> Flower:
    return Flower.model_validate_json(body)


async def name(flower: Flower) -> Kind:
    return Kind(kind=f"{flower.petal}")


async def serve(
    call: Callable[[Any], Any] = name,
    *pieces: bytes,
    read: Any = read_flower,
    length: int = 0,
    query: bytes = b"",
    stack: Stack | None = None,
    limits: EndpointLimits = LIMITS,
) -> Answer:
    """Answer one request; without its last piece the client goes away."""
    sent: list[Message] = []
    waiting = [*(pieces or [GOOD])]
    counts = Counts()

    async def receive() -> Message:
        if not waiting or waiting == [b""]:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    stack = stack or Stack()
    deadlines = Deadlines(stack.timeout, asyncio.get_running_loop())
    errors = ErrorMiddleware(PlainTextResponse(""), {"/here": Flower})
    endpoint = Endpoint(read, call, limits, stack, deadlines, counts, errors)  # type: ignore[arg-type]  # stands for the metrics
    scope = {"type": "http", "path": "/here", "method": "POST", "query_string": query}
    await endpoint.serve(scope, receive, send, length)
    return Answer(sent, counts)


def answer(*arguments: Any, **more: Any) -> Answer:
    return asyncio.run(serve(*arguments, **more))


def test_a_body_becomes_the_answer_of_the_method() -> None:
    found = answer(name, GOOD[:5], GOOD[5:])

    assert (found.status, found.body) == (200, b'{"kind":"1.5"}')
    assert found.headers[b"content-type"] == b"application/json"
    assert found.headers[b"content-length"] == b"14"
    assert found.headers[b"x-content-type-options"] == b"nosniff"
    assert found.headers[b"cache-control"] == b"no-store"
    assert found.counted == [200]


def test_the_method_knows_its_request() -> None:
    async def look(_: Flower) -> Kind:
        context = current()
        assert context is not None
        assert context.row_limit == RowLimit(7)
        add_header("X-Own", "1")
        return Kind(kind=str(query_value(FLAG)))

    found = answer(look, query=b"loud=true")

    assert (found.body, found.headers[b"x-own"]) == (b'{"kind":"True"}', b"1")


@pytest.mark.parametrize(
    ("body", "more", "status", "said"),
    [
        (b'{"petal": -1}', {}, 400, "see petal"),
        (b'{"petal": 1, "petal": 2}', {}, 400, "see petal"),
        (b"{", {}, 400, "Invalid JSON"),
        (GOOD, {"query": b"x=1"}, 400, "The query has x, expected loud"),
        (GOOD, {"length": 101}, 413, "at most 100 bytes"),
        (b" " * 101, {}, 413, "at most 100 bytes"),
    ],
)
def test_a_request_that_does_not_keep_the_rules_is_refused(
    body: bytes, more: dict[str, Any], status: int, said: str
) -> None:
    async def never(_: Flower) -> Kind:
        pytest.fail("the method was called")

    found = answer(never, body, **more)

    assert (found.status, found.counted) == (status, [status])
    assert said in found.error.error


def test_a_wrong_field_is_told_with_what_is_expected() -> None:
    (problem,) = answer(name, b'{"petal": -1}').error.detail

    assert (problem.field, problem.expected) == ("petal", Flower.model_fields["petal"].description)


@pytest.mark.parametrize(
    ("error", "status", "logged"),
    [
        (InvalidArgument("told"), 400, False),
        (BentoMLException("told", error_code=HTTPStatus.CONFLICT), 409, False),
        (ServiceUnavailable("secret"), 503, True),
        (ValueError("secret"), 500, True),
    ],
)
def test_an_error_of_the_method_is_told_or_logged(
    caplog: pytest.LogCaptureFixture, error: Exception, status: int, *, logged: bool
) -> None:
    async def fail(_: Flower) -> Kind:
        add_header("X-Own", "1")
        raise error

    found = answer(fail)

    assert (found.status, found.counted) == (status, [status])
    assert "secret" not in found.error.error
    assert b"x-own" not in found.headers
    assert bool(caplog.records) is logged
    assert logged or found.error.error == "told"


def test_a_model_that_the_method_itself_gets_wrong_is_no_error_of_the_client() -> None:
    async def fail(_: Flower) -> Kind:
        return Kind.model_validate({})

    assert answer(fail).status == 500


def test_a_client_that_goes_away_gets_no_answer_and_is_not_counted() -> None:
    found = answer(name, GOOD[:5], b"")

    assert (found.messages, found.counted) == ([], [None])


def test_a_request_above_the_concurrency_is_refused_and_the_next_one_served() -> None:
    async def scenario() -> list[Answer]:
        stack = Stack(semaphore=asyncio.Semaphore(1))

        async def slow(_: Flower) -> Kind:
            await asyncio.sleep(0)
            return Kind(kind="")

        first = await asyncio.gather(serve(slow, stack=stack), serve(slow, stack=stack))
        return [*first, await serve(slow, stack=stack)]

    found = asyncio.run(scenario())

    assert [each.status for each in found] == [200, 429, 200]
    assert found[1].counted == [429]
    assert found[1].headers[b"retry-after"] == b"1"
    assert found[1].error.error == "Too many requests"


def test_a_failed_request_makes_room_for_the_next_one() -> None:
    async def fail(_: Flower) -> Kind:
        raise ValueError

    async def scenario() -> list[int]:
        stack = Stack(semaphore=asyncio.Semaphore(1))
        return [(await serve(fail, stack=stack)).status for _ in range(2)]

    assert asyncio.run(scenario()) == [500, 500]


def test_a_request_that_begins_too_late_is_refused() -> None:
    class Overloaded(LoadSheddingMiddleware):
        def is_overloaded(self) -> bool:
            return True

    load_shedding = Overloaded(PlainTextResponse(""), max_queue_delay=1)

    shed = answer(stack=Stack(load_shedding=load_shedding))

    assert shed.status == 429
    assert shed.causes == ["queue_delay"]


def test_a_request_that_takes_too_long_is_answered_with_504() -> None:
    async def sleep(_: Flower) -> Kind:
        await asyncio.sleep(5)
        return Kind(kind="")

    found = run(serve(sleep, stack=Stack(timeout=3)))

    assert (found.status, found.counted) == (504, [504])
    assert "3 seconds" in found.error.error


class Flowers(RowBatch[Flower]):
    """Many flowers."""


class Kinds(RowAnswers[Kind]):
    """Many kinds."""


class Garden:
    @bentoml.api
    @options(media_types=("application/json", NPY))
    async def name_all(self, flowers: Flowers, /) -> Kinds:
        return Kinds.of([Kind(kind="") for _ in flowers.root])


def test_each_media_type_of_a_method_has_its_reader() -> None:
    found = readers(Garden.name_all)

    assert set(found) == {"application/json", NPY}
    with pytest.raises(InvalidArgument, match=r"not a \.npy file"):
        asyncio.run(found[NPY](b"[]"))


@pytest.mark.parametrize(("body", "rows"), [(b"[]", 0), (b'[{"petal": 1}, 7]', 2)])
def test_json_is_read_as_the_method_s_model(body: bytes, rows: int) -> None:
    flowers = asyncio.run(readers(Garden.name_all)["application/json"](body))

    assert isinstance(flowers, Flowers)
    assert len(flowers.root) == rows


def test_a_long_list_is_read_and_written_with_the_event_loop_in_between() -> None:
    body = b"[%b]" % b",".join([GOOD] * 60_000)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def name_all(flowers: Flowers) -> Kinds:
        nonlocal turns
        assert turns > 0
        turns = 0
        return Kinds.of([Kind(kind=str(flower.petal)) for flower in flowers.good_rows()])

    async def scenario() -> Answer:
        task = asyncio.create_task(others())
        wide = EndpointLimits(EndpointOptions(), body=len(body))
        endpoint_read = readers(Garden.name_all)["application/json"]
        found = await serve(name_all, body, read=endpoint_read, limits=wide)
        task.cancel()
        return found

    found = asyncio.run(scenario())

    assert turns > 0
    assert found.body == b"[%b]" % b",".join([b'{"kind":"1.5"}'] * 60_000)


async def timed(deadlines: Deadlines, seconds: float) -> str:
    """A task that takes so many seconds, and says how it ended."""
    task = deadlines.start()
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        if not deadlines.is_over(task):
            raise
        return "too late"
    else:
        return "in time"
    finally:
        deadlines.stop(task)


class Clock(selectors.DefaultSelector):
    """What a loop waits with: it does not wait, but is later by as much."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0
        return super().select(0)


class OwnLoop(asyncio.SelectorEventLoop):
    """With a clock of its own, which no other work on the machine makes later."""

    def __init__(self) -> None:
        self.clock = Clock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def run(scenario: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=OwnLoop) as runner:
        return runner.run(scenario)


def test_only_what_takes_too_long_is_cancelled() -> None:
    async def scenario() -> list[str]:
        deadlines = Deadlines(0.05, asyncio.get_running_loop())
        return await asyncio.gather(*(timed(deadlines, s) for s in (0, 5, 0.001, 5, 0)))

    assert run(scenario()) == ["in time", "too late", "in time", "too late", "in time"]


def test_later_tasks_have_their_own_full_time() -> None:
    async def scenario() -> list[str]:
        deadlines = Deadlines(0.2, asyncio.get_running_loop())
        first = asyncio.create_task(timed(deadlines, 5))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(timed(deadlines, 0.15))
        return await asyncio.gather(first, second)

    assert run(scenario()) == ["too late", "in time"]


def test_without_a_limit_nothing_is_cancelled() -> None:
    async def scenario() -> str:
        return await timed(Deadlines(None, asyncio.get_running_loop()), 0.01)

    assert run(scenario()) == "in time"


def test_a_cancelling_from_elsewhere_is_not_taken_for_the_limit() -> None:
    async def scenario() -> bool:
        deadlines = Deadlines(5, asyncio.get_running_loop())
        task = asyncio.create_task(timed(deadlines, 5))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert run(scenario())


def test_a_task_that_was_late_can_go_on() -> None:
    async def scenario() -> str:
        deadlines = Deadlines(0.01, asyncio.get_running_loop())

        async def late() -> str:
            answer = await timed(deadlines, 5)
            await asyncio.sleep(0)  # an answer still has to be sent
            return answer

        return await asyncio.create_task(late())

    assert run(scenario()) == "too late"
