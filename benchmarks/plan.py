"""What is measured, and how much of it in a full and in a tiny run.

A work is named for what is sent: ``one x32`` is one application a request over 32 connections,
``json 1000`` and ``npy 1000`` are so many applications a request.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bodies import array_body, batch_body, drawn_bodies, one_body
from benchmarks.services import FASTAPI, LIMIT, OURS

__all__ = ["ALONE", "CROWD", "MANY", "Plan", "Work", "array", "batch", "drawn", "one"]

ALONE: Final = 1
MANY: Final = 32
CROWD: Final = 256
BULK_CONNECTIONS: Final = 2
"""One request under way while another is served."""


@dataclass(frozen=True)
class Work:
    """Requests of one kind.

    Attributes:
        name: of the work.
        path: of the endpoint.
        connections: at once.
        rows: applications in a request.
        data: file of loans to draw from, one after the other; None for one body again and again.
    """

    name: str
    path: str
    connections: int
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
        match self.path:
            case "/classify":
                return [one_body()]
            case "/classify_batch?reasons=false":
                return [batch_body(self.rows)]
            case _:
                return [array_body(self.rows)]


def one(connections: int) -> Work:
    """Send one application a request."""
    return Work(f"one x{connections}", "/classify", connections)


def drawn(connections: int, data: Path | None) -> Work:
    """Send the loans of a file one by one: some need reasons, some do not."""
    return Work(f"drawn x{connections}", "/classify", connections, data=data)


def batch(rows: int) -> Work:
    """Send many applications a request, in JSON."""
    return Work(f"json {rows}", "/classify_batch?reasons=false", BULK_CONNECTIONS, rows)


def array(rows: int) -> Work:
    """Send many encoded applications a request, in a ``.npy`` file."""
    return Work(f"npy {rows}", "/classify_array", BULK_CONNECTIONS, rows)


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: each starts every service anew.
        seconds: of each measurement that a floor depends on, and of those with many rows.
        growth_seconds: of what only shows how cost grows.
        warm_up: seconds of load before the first measurement of a service.
        requests: after which the memory is read, first and last.
        batch_rows: applications in a JSON request.
        array_rows: applications in a ``.npy`` request.
        rows: in a request, as it grows.
        connections: at once, as they grow.
        trees: in the model, as they grow.
        tree_rounds: how often that is measured.
        at_once: services measured at the same time; more than one spoils the times.
        data: file of loans that applications are drawn from.
    """

    rounds: int = 5
    seconds: float = 5
    growth_seconds: float = 2
    warm_up: float = 2
    requests: tuple[int, int] = (1_000, 100_000)
    batch_rows: int = 1_000
    array_rows: int = 10_000
    rows: tuple[int, ...] = (1, 10, 100, 1_000, 10_000)
    connections: tuple[int, ...] = (1, 4, 16, 32, 64, 128, 256)
    trees: tuple[int, ...] = (100, 200, 400, 800, 1_600)
    tree_rounds: int = 3
    at_once: int = 1
    data: Path | None = None

    @classmethod
    def tiny(cls, data: Path) -> "Plan":
        """Just enough to see that everything works."""
        return cls(
            data=data,
            rounds=1,
            seconds=0.3,
            growth_seconds=0.2,
            warm_up=0.1,
            requests=(20, 200),
            batch_rows=20,
            array_rows=50,
            rows=(1, 20),
            connections=(1, 4, 32),
            trees=(10,),
            tree_rounds=1,
            at_once=2,
        )

    def works(self, service: str) -> list[Work]:
        """List what a service is asked for: first what floors depend on, then what grows."""
        both = [one(MANY), one(ALONE)]
        bulk = [batch(self.batch_rows), array(self.array_rows)]
        # The crowd comes at once, not step by step: a burst of new connections costs extra.
        growing = [one(connections) for connections in (CROWD, *self.connections)]
        rows = [form(rows) for form in (batch, array) for rows in self.rows]
        more = {
            OURS: [drawn(MANY, self.data), *growing, *bulk, *rows],
            LIMIT: [*growing, *bulk],
            FASTAPI: bulk[:1],
        }
        return list(dict.fromkeys([*both, *more.get(service, [])]))

    def seconds_of(self, work: Work) -> float:
        """How long a work is measured: longer for what floors depend on, and for many rows."""
        long = work.connections in (ALONE, MANY, CROWD) or work.rows > 1
        return self.seconds if long else self.growth_seconds
