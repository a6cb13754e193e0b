"""Both clients: at a server that is busy at first, and at the service itself."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from bodies import encoded, sample_bodies
from course import COURSE_EXAMPLE, RISKY_EXAMPLE, sample_applications
from running import Locked, Server, answering
from servers import Start

from audit_log import read_entries
from credit_risk.client import (
    AsyncClient,
    Client,
    Decision,
    RefusedError,
    ServiceError,
    UnavailableError,
)
from credit_risk.decision_log.settings import DECISIONS

DECISION = {"status": "MAYBE", "default_probability": 0.4, "reasons": [], "model": "tag:a"}
Ask = Callable[..., Any]


def ask_blocking(url: str, call: Callable[[Client], Any], **options: Any) -> Any:
    with Client(url, **options) as client:
        return call(client)


def ask_from_asyncio(
    url: str, call: Callable[[AsyncClient], Awaitable[Any]], **options: Any
) -> Any:
    if "sleep" in options:
        options["sleep"] = awaited(options["sleep"])

    async def run() -> Any:
        async with AsyncClient(url, **options) as client:
            return await call(client)

    return asyncio.run(run())


def awaited(sleep: Callable[[float], None]) -> Callable[[float], Awaitable[None]]:
    async def wait(seconds: float) -> None:
        sleep(seconds)

    return wait


@pytest.fixture(params=[ask_blocking, ask_from_asyncio], ids=["Client", "AsyncClient"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Make a client of a URL, and a call with it."""
    found: Ask = request.param
    return found


class Busy(BaseHTTPRequestHandler):
    """Answers each body with 503 twice, then with a decision; what holds ``bad`` with 400."""

    protocol_version = "HTTP/1.1"
    requests: list[tuple[str | None, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.headers["Authorization"], body))
        times = self.requests.count(self.requests[-1])
        status = 400 if b"bad" in body else 503 if times < 3 else 200
        answer = json.dumps(DECISION if status == 200 else {"error": "No.", "detail": []}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Retry-After", "20")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def busy() -> Iterator[str]:
    """URL of a server that is busy at first."""
    Busy.requests = []
    with answering(Busy) as url:
        yield url


def test_a_client_waits_as_it_is_told_and_asks_again(busy: str, ask: Ask) -> None:
    waits: list[float] = []

    decision = ask(
        busy,
        lambda it: it.classify({"age": 1}),
        key="secret",
        sleep=waits.append,
        clock=sum_of(waits),
    )

    assert decision == Decision("MAYBE", 0.4, [], "tag:a", None)
    assert Busy.requests == [("Bearer secret", b'{"age": 1}')] * 3
    assert [20 <= wait <= 22 for wait in waits] == [True, True]


def sum_of(waits: list[float]) -> Callable[[], float]:
    """Tell a time that passes while a client waits only."""
    return lambda: sum(waits)


def test_a_client_gives_up_at_its_deadline(busy: str, ask: Ask) -> None:
    waits: list[float] = []
    how: Any = {"sleep": waits.append, "clock": sum_of(waits), "deadline": 25}

    with pytest.raises(UnavailableError, match=r"^No\.$"):
        ask(busy, lambda it: it.classify({"age": 1}), **how)
    assert len(waits) == 1


def test_a_client_asks_once_for_what_is_refused(busy: str, ask: Ask) -> None:
    with pytest.raises(RefusedError, match=r"^No\.$"):
        ask(busy, lambda it: it.classify({"bad": 1}), sleep=pytest.fail)
    assert len(Busy.requests) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "localhost:3000"])
def test_a_service_that_is_not_there_is_told_in_a_sentence(url: str, ask: Ask) -> None:
    with pytest.raises(UnavailableError) as caught:
        ask(url, lambda it: it.model(), sleep=pytest.fail)
    sentence = str(caught.value)
    assert sentence.startswith(f"{url}: found no answer (")
    assert sentence.endswith("), expected the service; see whether it runs there")
    assert caught.value.status_code is None


def test_a_client_can_be_used_by_several_threads(busy: str) -> None:
    decisions: list[Decision] = []
    with Client(busy, sleep=lambda _: None) as client:
        threads = [
            threading.Thread(target=lambda n=n: decisions.append(client.classify({"age": n})))
            for n in range(8)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    assert len(decisions) == 8


@pytest.fixture(scope="module")
def logged(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """The service with a decision log, and the log's folder."""
    folder = tmp_path_factory.mktemp("log") / "decisions"
    for server in start("client-log", CREDIT_RISK_DECISION_LOG=str(folder)):
        yield server, folder


def plain(answer: Any) -> Any:
    """An answer as the service writes it."""
    if isinstance(answer, RefusedError):
        return {"error": str(answer), "detail": answer.detail}
    return {name: getattr(answer, name) for name in DECISION}


def test_an_application_gets_the_decision_of_the_service(server: Server, ask: Ask) -> None:
    expected = server.post("/classify", params={"language": "es"}, json=RISKY_EXAMPLE).json()

    decision = ask(server.url, lambda it: it.classify(RISKY_EXAMPLE, language="es"))

    assert plain(decision) == expected
    assert decision.reasons
    assert decision.decision_id is None


def test_many_get_the_decisions_of_the_service_in_order(server: Server, ask: Ask) -> None:
    bodies = [*sample_bodies(30), {"age": float("inf")}, "nothing", RISKY_EXAMPLE]
    sent = [*bodies[:30], {"age": "inf"}, *bodies[31:]]
    expected = server.post("/classify_batch", json=sent).json()

    found = ask(server.url, lambda it: it.classify_many(iter(bodies), rows=7))

    assert list(map(plain, found)) == expected
    assert [n for n, each in enumerate(found) if isinstance(each, RefusedError)] == [30, 31]
    assert "age" in found[30].fields


@pytest.mark.parametrize("reasons", ["true", "false"])
def test_a_data_frame_gets_the_same_decisions_at_its_index(
    server: Server, ask: Ask, reasons: str
) -> None:
    bodies = [*sample_bodies(20), RISKY_EXAMPLE | {"age": 7}]
    frame = pd.DataFrame(bodies, index=[f"loan {n}" for n in range(21)])
    params = {"reasons": reasons}
    *expected, refusal = server.post("/classify_batch", params=params, json=bodies).json()

    found = ask(server.url, lambda it: it.classify_many(frame, reasons=reasons == "true", rows=8))

    assert frame["income"].isna().any(), "there is a NaN to be sent"
    assert found.index.equals(frame.index)
    assert found[list(DECISION)].iloc[:-1].to_dict("records") == expected
    assert found.iloc[-1][["error", "detail"]].to_dict() == refusal
    assert found["error"].isna().sum() == 20


def test_an_arrow_table_gets_the_same_decisions(server: Server, ask: Ask) -> None:
    bodies = sample_bodies(20)
    expected = server.post("/classify_batch", json=bodies).json()

    found = ask(server.url, lambda it: it.classify_many(pa.Table.from_pylist(bodies), rows=8))

    assert list(map(plain, found)) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_array_gets_the_probabilities_of_its_applications(
    server: Server, ask: Ask, dtype: Any
) -> None:
    rows = encoded(sample_applications(20)).astype(dtype)
    expected = server.post("/classify_batch", json=sample_bodies(20)).json()

    found = ask(server.url, lambda it: it.classify_array(rows, reasons=True, rows=8))

    assert found.default_probability == [each["default_probability"] for each in expected]
    assert found.status == [each["status"] for each in expected]
    assert found.reasons == [each["reasons"] for each in expected]
    assert set(found.model) == {expected[0]["model"]}
    assert np.isnan(rows).any(), "there is a NaN to be sent"


def test_an_array_that_does_not_fit_is_refused_by_row_and_column(server: Server, ask: Ask) -> None:
    rows = encoded(sample_applications(3))
    rows[2, 0] = -1

    with pytest.raises(RefusedError, match=r"row 0, column 0 \(age\)") as caught:
        ask(server.url, lambda it: it.classify_array(rows, rows=2))
    assert caught.value.__notes__ == ["The request began with row 2, the first being row 0."]


def test_the_card_is_that_of_the_service(server: Server, ask: Ask) -> None:
    assert ask(server.url, lambda it: it.model()) == server.get("/model").json()


def test_each_answer_names_its_decision_in_the_log(logged: tuple[Server, Path], ask: Ask) -> None:
    url, folder = logged[0].url, logged[1]
    rows = encoded(sample_applications(3))

    one = ask(url, lambda it: it.classify(COURSE_EXAMPLE)).decision_id
    many = ask(url, lambda it: it.classify_many([COURSE_EXAMPLE, {}, COURSE_EXAMPLE]))
    array = ask(url, lambda it: it.classify_array(rows, rows=2)).decision_id

    assert "/" not in one
    assert [many[n].decision_id.split("/")[1] for n in (0, 2)] == ["0", "2"]
    assert isinstance(many[1], RefusedError)
    assert [each.split("/")[1] for each in array] == ["0", "1", "0"]
    entries = {entry["id"] for _, part in read_entries(folder, DECISIONS) for entry in part}
    assert {one, many[0].decision_id, many[2].decision_id, *array} <= entries


def test_a_key_opens_what_is_locked(locked: Locked, ask: Ask) -> None:
    decision = ask(locked.server.url, lambda it: it.classify(COURSE_EXAMPLE), key=locked.key)

    assert decision.model.startswith("credit_risk_model:")
    with pytest.raises(RefusedError) as caught:
        ask(locked.server.url, lambda it: it.classify(COURSE_EXAMPLE))
    assert caught.value.status_code == 401


def test_what_is_wrong_is_told_as_the_service_tells_it(server: Server, ask: Ask) -> None:
    wrong = COURSE_EXAMPLE | {"home": "castle", "age": "26"}
    expected = server.post("/classify", json=wrong).json()

    with pytest.raises(ServiceError) as caught:
        ask(server.url, lambda it: it.classify(wrong))
    assert plain(caught.value) == expected
    assert (caught.value.status_code, caught.value.fields) == (400, ["home", "age"])
