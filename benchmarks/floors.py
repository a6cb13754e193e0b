"""The floors: what a run of the benchmark must show of our service.

Each is a ratio of two measurements of the same round, so that what slows a whole round does not
count; the median over the rounds is compared with the floor.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.plan import ALONE, CROWD, MANY, Plan, array, batch, drawn, in_process, one
from benchmarks.results import Results, Spread


@dataclass(frozen=True)
class Floor:
    """A ratio, and what is promised of it.

    Attributes:
        work: what is measured, for people.
        promise: what is promised, for people.
        bound: the number in the promise; None if the ratio is only reported.
        found: what was found; None if it was not measured.
        at_most: whether the bound is a ceiling.
    """

    work: str
    promise: str
    bound: float | None
    found: Spread | None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the promise is kept; None if there is none, or nothing was measured."""
        if self.found is None or self.bound is None:
            return None
        median = self.found.median
        return median <= self.bound if self.at_most else median >= self.bound


def floors(results: Results, plan: Plan) -> Iterator[Floor]:
    """State every floor, with what was found; then ratios without a floor."""

    def at_least(work: str, bound: float, of: str, over: str, under: str) -> Floor:
        return Floor(work, f"≥ {bound:g} times {of}", bound, results.ratio(over, under))

    def at_most(work: str, bound: float, of: str, over: str, under: str) -> Floor:
        found = results.ratio(over, under)
        return Floor(work, f"≤ {bound:g} times {of}", bound, found, at_most=True)

    def reported(work: str, of: str, over: str, under: str) -> Floor:
        return Floor(work, f"reported: times {of}", None, results.ratio(over, under))

    rate = f"{one(MANY).name}/rate"
    loans = f"{drawn(MANY).name}/rate"
    many = f"`/classify`, {MANY} connections, requests/s"
    for service, bound, of in (
        ("course", 22, "the course's service"),
        ("fastapi", 7, "FastAPI"),
        ("fastapi-coalesced", 2, "FastAPI with our encoder and coalescer"),
        ("bare-asgi", 0.72, "the limit"),
    ):
        yield at_least(many, bound, of, f"ours/{rate}", f"{service}/{rate}")
    work = f"{many}, loans of the data, with reasons"
    yield at_least(work, 0.5, "an approved application alone", f"ours/{loans}", f"ours/{rate}")
    work = f"{many}, with the decision log"
    yield at_least(work, 0.6, "without", f"log/{rate}", f"ours/{rate}")
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
    errors = results.numbers.get(f"{crowd}/errors")
    found = Spread.of([sum(errors)]) if errors else None
    yield Floor(f"{work}, errors in all rounds", "none", 0, found, at_most=True)
    json, npy = batch(plan.batch_rows), array(plan.array_rows)
    ours, work = f"ours/{json.name}/rate", f"`/classify_batch`, {json.rows:,} rows, rows/s"
    yield at_least(work, 4, "FastAPI's list endpoint", ours, f"fastapi/{json.name}/rate")
    alone = f"ours/{in_process('json', json.rows).name}/rate"
    yield at_least(work, 0.75, "the same work in process", ours, alone)
    work = f"`/classify_array`, `.npy` of {npy.rows:,} rows, rows/s"
    alone = f"ours/{in_process('predict', npy.rows).name}/rate"
    yield at_least(work, 0.7, "the model call alone", f"ours/{npy.name}/rate", alone)
    work = f"remote runner, {MANY} connections, requests/s"
    other = f"class-api-batchable/{rate}"
    yield at_least(work, 5, "the class API with batching", f"remote/{rate}", other)
    first, last = plan.requests
    work = f"worker's resident memory after {last:,} requests"
    yield at_most(work, 1.05, f"that after {first:,}", "memory/last", "memory/first")

    yield reported(f"{many}, with API keys", "without", f"keys/{rate}", f"ours/{rate}")
    lender = f"{many}, with API keys and decision log, loans of the data, with reasons"
    for of, under in (
        ("the limit, an approved application", f"bare-asgi/{rate}"),
        ("ours as shipped, an approved application", f"ours/{rate}"),
        ("ours as shipped, the same loans", f"ours/{loans}"),
    ):
        yield reported(lender, of, f"keys-log/{loans}", under)
    if f"before/{rate}" in results.numbers:
        yield reported(many, "before", f"ours/{rate}", f"before/{rate}")
        work = f"{many}, with the decision log"
        yield reported(work, "before", f"log/{rate}", f"before-log/{rate}")
        yield reported(lender, "before", f"keys-log/{loans}", f"before-keys-log/{loans}")
