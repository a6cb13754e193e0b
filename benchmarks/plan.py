"""The measurements of a run: of which service, with what work, how long, and how often.

A work is named for what is sent: ``one x32`` is one application a request over 32 connections,
``json 1000`` and ``npy 1000`` are so many applications a request, and ``predict 1000 in process``
is a model call without HTTP.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.bodies import array_body, batch_body, drawn_bodies, one_body
from benchmarks.services import OURS, SERVICES

ALONE: Final = 1
MANY: Final = 32
CROWD: Final = 256
BULK_CONNECTIONS: Final = 2
"""One request under way while another is served."""
BUSY: Final = (
    *("course", "class-api-batchable", "remote", "fastapi", "fastapi-coalesced", "bare-asgi"),
    *(OURS, "before", "keys", "log", "before-log"),
)
"""Services whose floors or ratios are about one application a request over many connections."""
FEW: Final = 3
"""Rounds of what no floor depends on."""
LARGE: Final = 1_000
"""Rows in a request from which on fewer than a second would see only a few answers."""


@dataclass(frozen=True)
class Work:
    """Requests of one kind, or calls in process.

    Attributes:
        name: of the work.
        path: of the endpoint; empty: the work is done in process.
        connections: at once.
        rows: applications in a request.
        data: file of loans to send, one after the other; None for one body again and again.
    """

    name: str
    path: str = ""
    connections: int = 1
    rows: int = 1
    data: Path | None = None

    @property
    def media_type(self) -> str:
        """Media type of the body."""
        return "application/x-npy" if self.path == "/classify_array" else "application/json"

    def bodies(self) -> list[bytes]:
        """Make what is sent in turn."""
        if self.data is not None:
            return drawn_bodies(self.data)
        if self.path == "/classify":
            return [one_body()]
        make = array_body if self.path == "/classify_array" else batch_body
        return [make(self.rows)]


def one(connections: int) -> Work:
    """Send one application a request."""
    return Work(f"one x{connections}", "/classify", connections)


def drawn(connections: int, data: Path | None = None) -> Work:
    """Send the loans of a file one by one: some need reasons, some do not."""
    return Work(f"drawn x{connections}", "/classify", connections, data=data)


def batch(rows: int) -> Work:
    """Send many applications a request, in JSON."""
    return Work(f"json {rows}", "/classify_batch?reasons=false", BULK_CONNECTIONS, rows)


def array(rows: int) -> Work:
    """Send many encoded applications a request, in a ``.npy`` file."""
    return Work(f"npy {rows}", "/classify_array", BULK_CONNECTIONS, rows)


def in_process(call: str, rows: int) -> Work:
    """Do without HTTP what a request with ``rows`` does: ``json``, or ``predict`` alone."""
    return Work(f"{call} {rows} in process", rows=rows)


def trees(count: int | str) -> str:
    """Name our service with a model of so many trees."""
    return f"trees {count}"


class Measurement(NamedTuple):
    """One work of one service, for some seconds in each of the first rounds."""

    service: str
    work: Work
    seconds: float
    rounds: int


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        data: file of loans to send.
        rounds: in each of which every service is loaded in turn.
        seconds: of each measurement that a floor depends on.
        warm_up: seconds of load for a service before the first round.
        requests: after which the memory is read, first and last.
        batch_rows: applications in a JSON request.
        array_rows: applications in a ``.npy`` request.
        rows: in a request, as they grow.
        connections: at once, as they grow.
        trees: in the model, as they grow.
    """

    data: Path
    rounds: int = 15
    seconds: float = 1
    warm_up: float = 0.5
    requests: tuple[int, int] = (1_000, 100_000)
    batch_rows: int = 1_000
    array_rows: int = 10_000
    rows: tuple[int, ...] = (1, 10, 100, 1_000, 10_000)
    connections: tuple[int, ...] = (1, 8, 32, 128, 256)
    trees: tuple[int, ...] = (100, 400, 1_600)

    @classmethod
    def tiny(cls, data: Path) -> "Plan":
        """Just enough to see that everything works."""
        return cls(
            data,
            rounds=1,
            seconds=0.3,
            warm_up=0.3,
            requests=(20, 200),
            batch_rows=20,
            array_rows=50,
            rows=(1, 20),
            connections=(1, 4, 32),
            trees=(10,),
        )

    def singles(self) -> list[Measurement]:
        """List what is sent one application a request."""
        busy = [(name, one(MANY)) for name in BUSY]
        loans = [(name, drawn(MANY, self.data)) for name in (OURS, "keys-log", "before-keys-log")]
        alone = [(name, one(ALONE)) for name in ("flask", "fastapi", "bare-asgi", OURS)]
        growth = [(name, one(n)) for n in self.connections for name in (OURS, "bare-asgi")]
        return self.each(
            ([*busy, (OURS, one(CROWD)), *loans], 1, self.rounds),
            (alone, 0.3, self.rounds),
            ([(name, one(MANY)) for name in SERVICES], 1, FEW),
            ([(name, one(ALONE)) for name in SERVICES], 0.3, FEW),
            (growth, 0.3, FEW),
        )

    def bulk(self) -> list[Measurement]:
        """List what is sent many applications a request, what is not sent, and larger models."""
        json, npy = batch(self.batch_rows), array(self.array_rows)
        sizes = sorted({*self.rows, MANY, self.batch_rows, self.array_rows})
        calls = [in_process("json", self.batch_rows), in_process("predict", self.array_rows)]
        large = [form(rows) for form in (batch, array) for rows in self.rows if rows >= LARGE]
        small = [form(rows) for form in (batch, array) for rows in self.rows]
        alone = [in_process(kind, rows) for kind in ("json", "predict") for rows in sizes]
        shared = [in_process("predict", rows) for rows in (ALONE, MANY)]
        singles = [one(ALONE), one(MANY)]
        return self.each(
            ([("fastapi", json), (OURS, json), (OURS, npy)], 1, self.rounds),
            ([(OURS, work) for work in calls], 0.3, self.rounds),
            ([(OURS, work) for work in large], 1, FEW),
            ([(OURS, work) for work in small], 0.3, FEW),
            ([(OURS, work) for work in alone], 0.1, FEW),
            ([(trees(count), work) for count in self.trees for work in singles], 0.3, FEW),
            ([(trees(count), work) for count in self.trees for work in shared], 0.1, FEW),
        )

    def each(self, *parts: tuple[Iterable[tuple[str, Work]], float, int]) -> list[Measurement]:
        """Give every part its share of the seconds and its rounds; what comes twice counts once."""
        found: dict[tuple[str, Work], Measurement] = {}
        for pairs, share, rounds in parts:
            for service, work in pairs:
                new = Measurement(service, work, share * self.seconds, min(rounds, self.rounds))
                found.setdefault((service, work), new)
        return list(found.values())
