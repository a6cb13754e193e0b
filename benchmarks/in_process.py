"""The same work without HTTP, in one process: what the services are compared with.

    echo 'json 1000 1.0' | python -m benchmarks.in_process

Each line names a work, rows in a call and seconds, and a model's tag if not the served one's; the
answer is rows a second. ``answers 50`` is answered with the booster's own answers to so many
samples, as JSON. A process of its own, so that it can be pinned to the services' core.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import xgboost

from benchmarks.bodies import batch_body
from benchmarks.peers.common import FORM, PlainModel, scorer, stored_model
from credit_risk.decision import AssessmentBatch
from credit_risk.form import sample_applications
from lean_bento import collect_garbage_rarely

Work = Callable[[], object]


def main() -> None:
    """Answer lines until there are no more."""
    for line in sys.stdin:
        name, number, *more = line.split()
        count = int(number)
        if name == "answers":
            found: object = answers(count)
        else:
            seconds, *tag = more
            found = count * calls_a_second(prepare(name, count, *tag), float(seconds))
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def answers(count: int) -> list[dict[str, Any]]:
    """Answer samples with the booster itself, one by one."""
    model = PlainModel(stored_model())
    found = []
    for application in sample_applications(FORM, count):
        rows = xgboost.DMatrix(model.encode([application]))
        (probability,) = model.booster.predict(rows, validate_features=False)
        found.append(model.answer(float(probability)).model_dump(mode="json"))
    return found


@cache
def prepare(name: str, rows: int, tag: str = "") -> Work:
    """Make a work, which is done once before it is measured."""
    work = batch(rows) if name == "json" else predict(rows, tag)
    work()
    collect_garbage_rarely()
    return work


def calls_a_second(work: Work, seconds: float) -> float:
    """Repeat a work for so many seconds."""
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
        applications = FORM.application_batch.model_validate_json(body).good_rows()
        found = loop.run_until_complete(score.assess(applications, language=None))
        answer = AssessmentBatch.of(found)
        return answer.__pydantic_serializer__.to_json(answer)

    return work


def predict(rows: int, tag: str) -> Work:
    """``Booster.inplace_predict`` alone."""
    model = PlainModel(stored_model(tag))
    encoded = model.encode(sample_applications(FORM, rows))
    return lambda: model.predict(encoded)


if __name__ == "__main__":
    main()
