"""The load test: a mix of requests of all kinds; every answer is checked.

    locust --headless --users 50 --spawn-rate 10 --run-time 30s --max-p99-ms 500

Each user sends one request after the other without a pause. The bodies are sample applications,
written once at the start; ``GET /model`` tells what answers to expect. The exit code is 1 after a
wrong answer, above the limit, or if nothing answers. A service with API keys gets the key of
``CREDIT_RISK_API_KEY``.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from http.client import HTTPException
from io import BytesIO
from itertools import cycle, zip_longest
from typing import Any, ClassVar, NamedTuple
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import gevent
import numpy as np
from locust import FastHttpUser, constant, events, stats
from locust.runners import WorkerRunner
from pydantic import ValidationError

from credit_risk.decision import ArrayAssessment, Assessment, AssessmentBatch, Decider
from credit_risk.form import form_at_hand, sample_applications
from credit_risk.model import Encoder, Rows
from credit_risk.registry import ModelCard
from lean_bento import ErrorResponse


class Call(NamedTuple):
    """One request, and the index of the sample in each place of it; None for an invalid one."""

    path: str
    media_type: str
    body: bytes
    samples: Sequence[int | None]


def _npy(rows: Rows) -> bytes:
    file = BytesIO()
    np.save(file, rows)
    return file.getvalue()


def _nested(rows: Rows) -> bytes:
    return json.dumps(rows.tolist()).replace("NaN", "null").encode()


def _batch(samples: Sequence[int | None]) -> bytes:
    return (
        b"[" + b",".join(INVALID if sample is None else BODIES[sample] for sample in samples) + b"]"
    )


KEY = os.environ.get("CREDIT_RISK_API_KEY")  # no option: others see the command line
HEADERS = {"Authorization": f"Bearer {KEY}"} if KEY else {}
JSON, NPY = "application/json", "application/x-npy"
ARRAY = "/classify_array"  # gives reasons on request only
FORM = form_at_hand()
APPLICATIONS = sample_applications(FORM, 500)
BODIES = [application.model_dump_json().encode() for application in APPLICATIONS]
INVALID = json.dumps(FORM.example | {FORM.fields[0].name: "not this"}).encode()
ROWS = Encoder(FORM).encode(APPLICATIONS)
BATCHES = [range(first, first + 20) for first in range(0, len(APPLICATIONS), 20)]
FLAWED = [[*each[:at], None, *each[at + 1 :]] for at, each in enumerate(BATCHES[:20])]

one = cycle([Call("/classify", JSON, body, [sample]) for sample, body in enumerate(BODIES)])
batch = cycle([Call("/classify_batch", JSON, _batch(each), each) for each in FLAWED + BATCHES])
lists = cycle([Call(ARRAY, JSON, _nested(ROWS[each]), each) for each in BATCHES])
npy = cycle([Call(ARRAY, NPY, _npy(ROWS[each]), each) for each in BATCHES])
mix = cycle([*[one] * 8, batch, *[one] * 8, batch, lists, npy])  # in this order, over all users


class Expectation:
    """The model's tag and policy, and the probability that each sample got the first time."""

    def __init__(self, card: ModelCard) -> None:
        """Take tag and policy from the answer to ``GET /model``."""
        self._model = card.model
        self._decider = Decider(card.policy, FORM)
        self._probabilities: dict[int, float] = {}

    def problems(self, call: Call, content: bytes) -> Iterator[str]:
        """Yield one sentence for each thing that is wrong with an answer."""
        try:
            answers = _read(call.path, content)
        except ValidationError as error:
            first = error.errors()[0]
            place = next((part for part in first["loc"][::-1] if isinstance(part, str)), "body")
            yield f"found an answer out of contract: {place}: {first['msg']}"
            return
        if len(answers) != len(call.samples):
            yield f"found {len(answers)} answers, expected {len(call.samples)}"
        for sample, answer in zip(call.samples, answers, strict=False):
            if sample is None:
                if isinstance(answer, Assessment):
                    yield "found a decision in the place of a bad application, expected an error"
            elif isinstance(answer, ErrorResponse):
                yield f"found an error in the place of a good application: {answer.error}"
            else:
                yield from self._problems_of(sample, answer)
                lacking = not answer.reasons and call.path != ARRAY
                if lacking and answer.status != self._decider.mildest:
                    yield f"found no reasons for {answer.status}, expected some"

    def _problems_of(self, sample: int, answer: Assessment) -> Iterator[str]:
        probability = answer.default_probability
        (expected,) = self._decider.decide(ROWS[[sample]], np.array([probability]))
        if answer.status != expected:
            yield f"found {answer.status}, expected {expected} for such a probability"
        if abs(self._probabilities.setdefault(sample, probability) - probability) > 1e-6:  # noqa: PLR2004  float32
            yield "found another probability than the same application was given before"
        if answer.model != self._model:
            yield f"found model {answer.model}, expected {self._model} as in GET /model"


def _read(path: str, content: bytes) -> Sequence[Assessment | ErrorResponse]:
    if path == "/classify":
        return [Assessment.model_validate_json(content, strict=True)]
    if path == "/classify_batch":
        return AssessmentBatch.model_validate_json(content, strict=True).root
    found = ArrayAssessment.model_validate_json(content, strict=True)
    columns = zip_longest(found.status, found.default_probability)  # None is not valid
    return [
        Assessment.model_validate(
            {"status": status, "default_probability": risk, "reasons": [], "model": found.model}
        )
        for status, risk in columns
    ]


def send(user: "Applicant") -> None:
    """Send the next request of the mix and check its answer."""
    call = next(next(mix))
    with user.client.post(
        call.path,
        data=call.body,
        headers=HEADERS | {"Content-Type": call.media_type},
        name=f"{call.path} {call.media_type}",
        catch_response=True,
    ) as response:
        if response.status_code != HTTPStatus.OK:
            said = response.text or response.error
            response.failure(f"found HTTP {response.status_code}, expected 200: {said}")
        elif problem := next(user.expectation.problems(call, response.content), None):
            response.failure(problem)


class Applicant(FastHttpUser):
    """A user: sends the mix, mostly one application at a time, sometimes twenty."""

    host = "http://127.0.0.1:3000"
    expectation: Expectation
    tasks: ClassVar = [send]
    wait_time = constant(0)


def add_limit(parser: Any, **_: object) -> None:  # noqa: ANN401  locust's own
    """Add ``--max-p99-ms`` to the command line."""
    text = "fail if the 99th percentile of all requests is above this (milliseconds)"
    parser.add_argument("--max-p99-ms", type=float, default=500, env_var="MAX_P99_MS", help=text)


def read_model(environment: Any, **_: object) -> None:  # noqa: ANN401  locust's own
    """Read the model card for what to expect; exit if the service does not answer."""
    host = (environment.host or Applicant.host).rstrip("/")
    host = environment.host = host if "://" in host else f"http://{host}"
    try:
        opener = build_opener(ProxyHandler({}))
        opener.addheaders = list(HEADERS.items())
        with opener.open(f"{host}/model", timeout=10) as answer:
            Applicant.expectation = Expectation(ModelCard.model_validate_json(answer.read()))
    except (HTTPError, HTTPException, ValueError) as error:
        sys.exit(f"GET /model at {host} gives no model card: {error}")
    except OSError:
        sys.exit(f"nothing answers at {host}: start it with `make serve`")


def conclude(environment: Any, **_: object) -> None:  # noqa: ANN401  locust's own
    """Set the exit code; print the summary last, below the tables of locust.

    In a distributed run the master does: the workers have handed it what they counted.
    """
    if isinstance(environment.runner, WorkerRunner):
        return
    total, limit = environment.stats.total, environment.parsed_options.max_p99_ms
    p50, p90, p99 = (total.get_response_time_percentile(share) for share in (0.5, 0.9, 0.99))
    problems = {
        "no request was made": not total.num_requests,
        f"{total.num_failures} of {total.num_requests} requests failed": total.num_failures,
        "the load test itself broke": environment.runner.exceptions,
        f"the 99th percentile, {p99:g} ms, is above the limit of {limit:g} ms": p99 > limit,
    }
    found = "; ".join(sentence for sentence, holds in problems.items() if holds)
    if found:
        environment.process_exit_code = 1
    summary = f"""
requests {total.num_requests}   RPS {total.total_rps:.0f}   failures {total.num_failures}
average {total.avg_response_time:.3g} ms   50th percentile {p50:g} ms   90th {p90:g} ms   \
99th {p99:g} ms   max {total.max_response_time:.3g} ms
{f"FAILED: {found}" if found else f"PASSED: every answer is right, 99 in 100 within {p99:g} ms"}."""
    environment.events.quit.add_listener(lambda **_: print(summary))  # noqa: T201  a command's answer


# Milliseconds to three digits: locust rounds to whole ones, and a fast answer to 0.
stats.bucket_response_time = lambda milliseconds: float(f"{milliseconds:.3g}")
events.init_command_line_parser.add_listener(add_limit)
# gevent counts the run time from the last time that its loop read the clock, which was before the
# bodies were made: on a slow machine, a short run would end before it began.
events.init.add_listener(lambda **_: gevent.get_hub().loop.update_now())
events.test_start.add_listener(read_model)
events.quitting.add_listener(conclude)
