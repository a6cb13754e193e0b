"""Load a service over many connections and compare every answer, byte for byte.

The right answers are asked for one by one before the load begins, so that any effect of a fault or
of other requests on an answer shows.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from urllib.parse import urlsplit

from bodies import encoded, nested, npy
from course import COURSE_EXAMPLE, sample_applications
from raw_http import ask, parse

JSON = "application/json"
SHARE_OF_HOSTILE = 20
"""One request in so many is hostile."""
REQUESTS_OF_A_CONNECTION = 500
"""Then the client comes back on a new one, and so to whichever worker takes it."""


@dataclass(frozen=True)
class Call:
    """A request as it goes over the wire, and status and body of the right answer."""

    name: str
    request: bytes
    status: int
    body: bytes


def learn(url: str) -> Iterator[Call]:
    """Ask the service at ``url`` for the answers to all there is to ask, one after another."""
    host = urlsplit(url).netloc
    for name, method, path, media_type, body in [*_valid() * SHARE_OF_HOSTILE, *_hostile()]:
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {media_type}\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        answer = ask(url, request)
        assert answer is not None
        assert (answer.status == 200) == (name != "hostile"), (request[:200], answer)
        yield Call(name, request, answer.status, answer.body)


def _valid() -> list[tuple[str, str, str, str, bytes]]:
    samples = sample_applications(60, seed=5)
    bodies = [sample.model_dump_json().encode() for sample in samples]
    many = b"[" + b",".join(bodies) + b"]"
    mixed = b"[" + b",".join([*bodies[:19], b'{"age": 7}']) + b"]"
    rows = encoded(samples)
    lists = json.dumps(nested(rows[:20])).encode()
    return [
        *(("single", "POST", "/classify", JSON, body) for body in bodies),
        ("batch", "POST", "/classify_batch", JSON, many),
        *[("batch", "POST", "/classify_batch?reasons=false", JSON, mixed)] * 3,
        *[("array", "POST", "/classify_array", JSON, lists)] * 3,
        ("array", "POST", "/classify_array?reasons=true", "application/x-npy", npy(rows)),
    ]


def _hostile() -> list[tuple[str, str, str, str, bytes]]:
    good = json.dumps(COURSE_EXAMPLE).encode()
    bodies = [
        b"",
        b"null",
        b"{" * 5000,
        b"[" * 100_000,
        good[:-1],
        good.replace(b"owner", b"castle"),
        good.replace(b'"age": 26', b'"age": NaN'),
        good.replace(b'"age": 26', b'"age": 1e999'),
        good.replace(b'"age": 26', b'"age": ' + b"9" * 4000),
        good.replace(b"{", b'{"__proto__": {"status": "APPROVED"}, '),
        b"\xff\xfe\x00" * 1000,
    ]
    return [
        *(("hostile", "POST", "/classify", JSON, body) for body in bodies),
        ("hostile", "POST", "/classify_batch", JSON, b"[" + good),
        ("hostile", "POST", "/classify_array", JSON, b"[[1, 2], [3]]"),
        ("hostile", "POST", "/classify_array", "application/x-npy", b"\x93NUMPY"),
        ("hostile", "POST", "/classify", "application/vnd.bentoml+pickle", b"\x80\x04N."),
        ("hostile", "POST", "/classify", "multipart/form-data; boundary=x", b"--x--"),
        ("hostile", "POST", "/classify?reasons=perhaps/../..", "text/plain", good),
        ("hostile", "POST", "/nowhere", JSON, good),
        ("hostile", "GET", "/classify_batch", JSON, b""),
    ]


@dataclass
class Load:
    """Many clients, each sending one request after another, until told to stop.

    Attributes:
        answered: right answers by the kind of request.
        logged: body of each right answer with a decision id, by that id.
        wrong: answers found in place of the right ones.
        lost: when each request was begun that got no answer, and when that was seen; on the clock
            of ``monotonic``.
    """

    host: str
    port: int
    calls: list[Call]
    answered: Counter[str] = field(default_factory=Counter)
    logged: dict[str, bytes] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lost: list[tuple[float, float]] = field(default_factory=list)
    going: bool = True
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def on(cls, url: str) -> "Load":
        """Learn the right answers at ``url``."""
        address = urlsplit(url)
        calls = list(learn(url))
        Random(0).shuffle(calls)  # noqa: S311  variety, not secrecy
        return cls(str(address.hostname), int(address.port or 80), calls)

    async def start(self, clients: int) -> None:
        """Connect so many clients, and have them begin."""
        self.mix = cycle(self.calls)
        self.open: set[Client] = set()
        for _ in range(clients):
            await self.connect()

    async def connect(self) -> None:
        """Connect one client."""
        loop = asyncio.get_running_loop()
        while self.going:
            try:
                await loop.create_connection(lambda: Client(self), self.host, self.port)
            except OSError as error:
                self.wrong.append(f"could not connect: {error}")
                await asyncio.sleep(0.1)
            else:
                return

    def reconnect(self) -> None:
        """Connect another client in place of one that is gone."""
        task = asyncio.get_running_loop().create_task(self.connect())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def stop(self) -> None:
        """Let every client have its answer, then close."""
        self.going = False
        deadline = time.monotonic() + 30
        while self.open and time.monotonic() < deadline:  # noqa: ASYNC110  clients come and go
            await asyncio.sleep(0.05)
        if self.open:
            self.wrong.append(f"{len(self.open)} requests were still without an answer after 30 s")
        for client in list(self.open):
            client.transport.abort()


class Client(asyncio.Protocol):
    """One connection of the load."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.left = REQUESTS_OF_A_CONNECTION
        self.call: Call | None = None
        self.received = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of a TCP connection
        self.transport = transport
        self.load.open.add(self)
        self.ask()

    def ask(self) -> None:
        if not self.load.going or not self.left:
            self.call = None
            self.transport.close()
            return
        self.left -= 1
        self.call = next(self.load.mix)
        self.began = time.monotonic()
        self.transport.write(self.call.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        found = parse(self.received)
        if found is None or self.call is None:
            return
        answer, self.received = found
        if answer.closes:  # after a body that was not read to its end
            self.left = 0
        if (answer.status, answer.body) == (self.call.status, self.call.body):
            self.load.answered[self.call.name] += 1
            if name := answer.headers.get("x-decision-id"):
                self.load.logged[name] = answer.body
        else:
            said = f"{answer.status} {answer.body[:300]!r}"
            self.load.wrong.append(f"{self.call.request[:80]!r}: {said}")
        self.ask()

    def connection_lost(self, _error: Exception | None) -> None:
        self.load.open.discard(self)
        if self.call is not None:
            self.load.lost.append((self.began, time.monotonic()))
        if self.load.going:
            self.load.reconnect()
