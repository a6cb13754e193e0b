"""The same work without HTTP, in one process: what the services are compared with.

    python -m benchmarks.in_process answers 50
    python -m benchmarks.in_process speeds 5 json:1000 predict:1,10000

The first prints the booster's own answers to so many samples. The second repeats each work for so
many seconds and prints rows a second by work and by rows in a call. Both print JSON. Run as a
process of its own, so that it can be pinned to the services' core.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import xgboost

from benchmarks.bodies import batch_body
from benchmarks.peers.common import PlainModel, scorer, stored_model
from credit_risk.decision import AssessmentBatch
from credit_risk.form import Application, ApplicationBatch, sample_applications
from lean_bento import collect_garbage_rarely

__all__: list[str] = []

Work = Callable[[], object]


def main() -> None:
    """Do what the command line says."""
    what, number, *works = sys.argv[1:]
    found = answers(int(number)) if what == "answers" else speeds(float(number), works)
    sys.stdout.write(json.dumps(found))


def answers(count: int) -> list[dict[str, Any]]:
    """Answer samples with the booster itself, one by one."""
    model = PlainModel(stored_model())
    found = []
    for application in sample_applications(count):
        rows = xgboost.DMatrix(model.encode([application]))
        (probability,) = model.booster.predict(rows, validate_features=False)
        found.append(model.answer(float(probability)).model_dump(mode="json"))
    return found


def speeds(seconds: float, works: list[str]) -> dict[str, dict[int, float]]:
    """Measure works written as ``name:rows,rows``."""
    found: dict[str, dict[int, float]] = {}
    for work in works:
        name, _, sizes = work.partition(":")
        found[name] = {
            rows: rows * calls_a_second(WORKS[name](rows), seconds)
            for rows in map(int, sizes.split(","))
        }
    return found


def calls_a_second(work: Work, seconds: float) -> float:
    """Repeat a work for so many seconds; the first call is not counted."""
    work()
    collect_garbage_rarely()
    calls = 0
    began = now = time.perf_counter()
    while now < began + seconds:
        work()
        calls += 1
        now = time.perf_counter()
    return calls / (now - began)


def batch(rows: int) -> Work:
    """Read, validate, encode, predict, decide and write JSON: what ``/classify_batch`` does."""
    score = scorer()
    body = batch_body(rows)
    loop = asyncio.new_event_loop()

    def work() -> bytes:
        rows = ApplicationBatch.model_validate_json(body).root
        applications = [row for row in rows if isinstance(row, Application)]
        found = loop.run_until_complete(score.assess(applications, reasons=False))
        answer = AssessmentBatch.of(found)
        return answer.__pydantic_serializer__.to_json(answer)

    return work


def predict(rows: int) -> Work:
    """``Booster.inplace_predict`` alone."""
    model = PlainModel(stored_model())
    encoded = model.encode(sample_applications(rows))
    return lambda: model.predict(encoded)


WORKS: dict[str, Callable[[int], Work]] = {"json": batch, "predict": predict}

if __name__ == "__main__":
    main()
