"""The floors: what a run of the benchmark must show of our service.

Each is a ratio of two measurements of the same round, so that what slows a whole round does not
count; what is compared with the floor is the median over the rounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.plan import ALONE, CROWD, MANY, Plan, array, batch, drawn, one
from benchmarks.results import Results, Spread

__all__ = ["Floor", "floors"]


@dataclass(frozen=True)
class Floor:
    """Something that is promised.

    Attributes:
        work: what is measured, for people.
        promise: what is promised, for people.
        bound: the number in the promise.
        found: what was found; None if it was not measured.
        at_most: whether the bound is a ceiling.
    """

    work: str
    promise: str
    bound: float
    found: Spread | None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the promise is kept; None if it was not measured."""
        if self.found is None:
            return None
        median = self.found.median
        return median <= self.bound if self.at_most else median >= self.bound


def floors(results: Results, plan: Plan) -> Iterator[Floor]:
    """State every floor, with what was found."""

    def at_least(work: str, bound: float, of: str, over: str, under: str) -> Floor:
        return Floor(work, f"≥ {bound:g} times {of}", bound, results.ratio(over, under))

    def at_most(work: str, bound: float, of: str, over: str, under: str) -> Floor:
        found = results.ratio(over, under)
        return Floor(work, f"≤ {bound:g} times {of}", bound, found, at_most=True)

    rate = f"{one(MANY).name}/rate"
    work = f"`/classify`, {MANY} connections, requests/s"
    for service, bound, of in (
        ("course", 22, "the course's service"),
        ("fastapi", 7, "FastAPI"),
        ("fastapi-coalesced", 2, "FastAPI with our encoder and coalescer"),
        ("bare-asgi", 0.72, "the limit"),
    ):
        yield at_least(work, bound, of, f"ours/{rate}", f"{service}/{rate}")
    mixed = f"ours/{drawn(MANY, None).name}/rate"
    about = f"{work}, loans of the data, with reasons"
    yield at_least(about, 0.5, "an approved application alone", mixed, f"ours/{rate}")
    about = f"{work}, with the decision log"
    yield at_least(about, 0.6, "without", f"logged/{rate}", f"ours/{rate}")
    p50 = f"{one(ALONE).name}/p50"
    work = "`/classify`, 1 connection, p50"
    for service, bound, of in (
        ("bare-asgi", 1.15, "the limit"),
        ("fastapi", 1, "FastAPI"),
        ("flask", 1, "Flask"),
    ):
        yield at_most(work, bound, of, f"ours/{p50}", f"{service}/{p50}")
    crowd = f"ours/{one(CROWD).name}"
    work = f"`/classify`, {CROWD} connections"
    yield at_least(f"{work}, requests/s", 0.9, f"that at {MANY}", f"{crowd}/rate", f"ours/{rate}")
    yield Floor(f"{work}, errors", "none", 0, results.spread(f"{crowd}/errors"), at_most=True)
    json, npy = batch(plan.batch_rows), array(plan.array_rows)
    ours, work = f"ours/{json.name}/rate", f"`/classify_batch`, {json.rows:,} rows, rows/s"
    yield at_least(work, 4, "FastAPI's list endpoint", ours, f"fastapi/{json.name}/rate")
    yield at_least(work, 0.75, "the same work in process", ours, f"in-process/{json.name}/rate")
    work = f"`/classify_array`, `.npy` of {npy.rows:,} rows, rows/s"
    alone = f"in-process/predict {npy.rows}/rate"
    yield at_least(work, 0.7, "the model call alone", f"ours/{npy.name}/rate", alone)
    work = f"remote runner, {MANY} connections, requests/s"
    other = f"class-api-batchable/{rate}"
    yield at_least(work, 5, "the class API with batching", f"remote/{rate}", other)
    first, last = plan.requests
    work = f"worker's resident memory after {last:,} requests"
    yield at_most(work, 1.05, f"that after {first:,}", "memory/last", "memory/first")
