"""The ASGI application of a worker, in this process and without a server."""

import asyncio
import io
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from asgi import client_of, started
from bodies import table
from course import COURSE_EXAMPLE, ENCODER, sample_applications
from opentelemetry.util.http import parse_excluded_urls
from starlette.types import ASGIApp

from credit_risk.decision import Scorer

Ask = Callable[..., httpx.Response]
MOST_ROUNDS = 20
"""A busy machine slows down some of them."""


@pytest.fixture(scope="module")
def ask(home: Path) -> Iterator[Ask]:
    """Send one request to the application, its start and shutdown around it.

    The answer's ``extensions`` tell the longest that the event loop was kept from others.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENTOML_HOME", str(home))
        from bentoml._internal.configuration.containers import BentoMLContainer
        from bentoml._internal.models import ModelStore

        BentoMLContainer.bentoml_home.set(str(home))
        BentoMLContainer.model_store.set(ModelStore(home / "models"))
        # The configuration's own, without which BentoML's path answers; another test may have read
        # another configuration before, and a process reads it once.
        BentoMLContainer.tracing_excluded_urls.set(parse_excluded_urls(".*"))
        import service

        app = service.svc.to_asgi()
        yield lambda method, path, **how: asyncio.run(_ask(app, method, path, how))
        for variable in ("BENTOML_CONFIG", "BENTOML_DO_NOT_TRACK"):
            os.environ.pop(variable, None)
        sys.modules.pop("service", None)
        BentoMLContainer.model_store.reset()
        BentoMLContainer.tracing_excluded_urls.reset()


async def _ask(app: ASGIApp, method: str, path: str, how: dict[str, Any]) -> httpx.Response:
    async with started(app), client_of(app) as client:
        request = asyncio.create_task(client.request(method, path, **how))
        turns = [time.thread_time()]  # of this thread: other work on the machine is left out
        while not request.done():
            await asyncio.sleep(0)
            turns.append(time.thread_time())
        answer = await request
    answer.extensions["longest_turn"] = max(b - a for a, b in pairwise(turns))
    return answer


def test_an_application_is_decided_on(ask: Ask) -> None:
    answer = ask("POST", "/classify", json=COURSE_EXAMPLE)

    assert answer.status_code == 200
    assert answer.json()["status"] in {"APPROVED", "MAYBE", "DECLINED"}


def test_a_batch_and_an_array_are_decided_on(ask: Ask) -> None:
    rows = ask("GET", "/docs.json").json()["paths"]["/classify_array"]["post"]["requestBody"]
    example = rows["content"]["application/json"]["example"]

    batch = ask("POST", "/classify_batch", json=[COURSE_EXAMPLE])
    array = ask("POST", "/classify_array", json=example)

    assert array.json()["default_probability"] == [batch.json()[0]["default_probability"]]


def as_json(rows: int) -> bytes:
    return json.dumps([each.model_dump() for each in sample_applications(rows)]).encode()


def as_split(rows: int) -> bytes:
    bodies = [each.model_dump() for each in sample_applications(rows)]
    table = {"columns": list(bodies[0]), "data": [list(each.values()) for each in bodies]}
    return json.dumps(table).encode()


def as_csv(rows: int) -> bytes:
    return table([each.model_dump() for each in sample_applications(rows)])


def as_npy(rows: int) -> bytes:
    file = io.BytesIO()
    np.save(file, ENCODER.encode(sample_applications(rows)))
    return file.getvalue()


@pytest.mark.parametrize(
    ("path", "media_type", "make_body", "rows"),
    [
        pytest.param("/classify_batch", "application/json", as_json, 10_000, id="batch"),
        pytest.param("/classify_batch", "application/json", as_split, 10_000, id="split"),
        pytest.param("/classify_batch", "text/csv", as_csv, 10_000, id="table"),
        pytest.param("/classify_array", "application/x-npy", as_npy, 50_000, id="array"),
    ],
)
def test_a_large_body_blocks_the_others_for_50_ms_at_most(
    ask: Ask, path: str, media_type: str, make_body: Callable[[int], bytes], rows: int
) -> None:
    """Seconds of this thread's own time between two turns of the others, in the best of rounds."""
    body, longest = make_body(rows), math.inf
    for _ in range(MOST_ROUNDS):
        answer = ask("POST", path, content=body, headers={"content-type": media_type})
        assert answer.status_code == 200
        longest = min(longest, answer.extensions["longest_turn"])
        if longest < 0.05:
            break

    assert longest < 0.05


def test_it_is_ready_only_if_a_known_application_can_be_decided_on(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask("GET", "/readyz").status_code == 200

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Scorer, "assess_encoded", fail)

    assert ask("GET", "/readyz").status_code == 503
    assert ask("GET", "/livez").status_code == 200


def test_the_model_card_is_there(ask: Ask) -> None:
    assert ask("GET", "/model").json()["model"].startswith("credit_risk_model:")


def test_an_internal_error_is_not_shown(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Scorer, "assess_encoded", fail)

    answer = ask("POST", "/classify", json=COURSE_EXAMPLE)

    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "detail"}
    assert "secret" not in answer.text
