"""What is sent, how long is waited, and what comes of it: without a connection and without time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from credit_risk.client import RefusedError, ServiceError, UnavailableError
from credit_risk.client.calls import Calls, Send, Steps

BUSY = httpx.Response(429, json={"error": "Busy."}, headers={"Retry-After": "3"})
DECISION = {"status": "MAYBE", "default_probability": 0.4, "reasons": [], "model": "tag:a"}


@dataclass
class Service:
    """Gives its answers one by one; time passes while a client waits only."""

    answers: Iterator[httpx.Response]
    sent: list[Send] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    jitter: float = 0.0

    @property
    def calls(self) -> Calls:
        return Calls(deadline=60, clock=lambda: sum(self.waits), jitter=lambda: self.jitter)

    def do(self, steps: Steps[Any]) -> Any:
        """Take the steps of a call, and return its result."""
        response = None
        while True:
            try:
                step = steps.send(response)
            except StopIteration as end:
                return end.value
            if isinstance(step, Send):
                self.sent.append(step)
                response = next(self.answers)
                response.request = httpx.Request(step.method, f"http://test{step.url}")
            else:
                self.waits.append(step.seconds)
                response = None


def service(*answers: httpx.Response, **how: Any) -> Service:
    return Service(iter(answers), **how)


def decisions(*rows: object, name: str | None = None) -> httpx.Response:
    headers = {"X-Decision-Id": name} if name else {}
    return httpx.Response(200, json=list(rows), headers=headers)


def test_an_application_is_sent_and_its_decision_returned() -> None:
    answering = service(httpx.Response(200, json=DECISION, headers={"X-Decision-Id": "a"}))

    decision = answering.do(answering.calls.classify({"age": 20}, "es"))

    (sent,) = answering.sent
    assert (sent.method, sent.url, sent.params) == ("POST", "/classify", {"language": "es"})
    assert sent.headers == {"Content-Type": "application/json"}
    assert json.loads(sent.content or b"") == {"age": 20}
    assert (decision.status, decision.decision_id) == ("MAYBE", "a")


@pytest.mark.parametrize("status", [429, 503])
def test_what_is_busy_is_asked_again_after_the_time_that_it_asks_for(status: int) -> None:
    busy = [
        httpx.Response(status, json={"error": "Busy."}, headers={"Retry-After": each})
        for each in ("3", "1")
    ]
    answering = service(*busy, httpx.Response(200, json=DECISION))

    decision = answering.do(answering.calls.classify({}, None))

    assert decision.status == "MAYBE"
    assert answering.waits == [3, 1]
    assert [each.timeout for each in answering.sent] == [60, 57, 56]
    assert len({each.content for each in answering.sent}) == 1


def test_the_jitter_only_adds_to_the_wait_and_grows_with_each_attempt_up_to_a_limit() -> None:
    answering = service(*[BUSY] * 30, jitter=0.5)

    with pytest.raises(UnavailableError):
        answering.do(answering.calls.classify({}, None))
    assert answering.waits == [3.5, 4, 5, *[7] * 6]


def test_the_deadline_ends_the_waiting_before_it_passes() -> None:
    answering = service(*[BUSY] * 30)

    with pytest.raises(UnavailableError, match=r"^Busy\.$") as caught:
        answering.do(answering.calls.classify({}, None))
    assert caught.value.status_code == 429
    assert sum(answering.waits) == 57  # another 3 would end at the deadline
    assert len(answering.sent) == len(answering.waits) + 1


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    answering = service(httpx.Response(503, json={"error": "No."}, headers={"Retry-After": "60"}))

    with pytest.raises(UnavailableError):
        answering.do(answering.calls.model())
    assert answering.waits == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 415, 500, 504])
def test_nothing_else_is_sent_again(status: int) -> None:
    headers = {"Retry-After": "1"}
    answering = service(httpx.Response(status, json={"error": "No."}, headers=headers))

    with pytest.raises(ServiceError, match=r"^No\.$"):
        answering.do(answering.calls.classify({}, None))
    assert answering.waits == []


def test_many_are_sent_in_chunks_and_answered_in_order_with_refusals_in_place() -> None:
    problem = {"field": "age", "message": "Missing", "expected": "a number"}
    refusal = {"error": "Not valid: see age.", "detail": [problem]}
    answering = service(
        decisions(DECISION, refusal, name="a"),
        decisions(DECISION | {"status": "DECLINED"}, name="b"),
    )

    found = answering.do(
        answering.calls.classify_many([{"n": n} for n in range(3)], 2, reasons=False, language=None)
    )

    assert [json.loads(each.content or b"") for each in answering.sent] == [
        [{"n": 0}, {"n": 1}],
        [{"n": 2}],
    ]
    assert {(each.url, each.params["reasons"]) for each in answering.sent} == {
        ("/classify_batch", "false")
    }
    assert (found[0].status, found[0].decision_id) == ("MAYBE", "a/0")
    assert isinstance(found[1], RefusedError)
    assert (str(found[1]), found[1].fields) == ("Not valid: see age.", ["age"])
    assert (found[2].status, found[2].decision_id) == ("DECLINED", "b/0")


def test_each_chunk_has_the_whole_deadline() -> None:
    answering = service(BUSY, decisions(DECISION), BUSY, decisions(DECISION))

    answering.do(answering.calls.classify_many([{}, {}], 1, reasons=True, language=None))

    assert [each.timeout for each in answering.sent] == [60, 57, 60, 57]


def test_a_data_frame_is_answered_by_one_with_its_index() -> None:
    answering = service(decisions(DECISION), decisions({"error": "No.", "detail": []}))
    frame = pd.DataFrame({"age": [1, 2]}, index=["x", "y"])

    found = answering.do(answering.calls.classify_many(frame, 1, reasons=True, language=None))

    assert found.index.tolist() == ["x", "y"]
    assert found["status"].tolist()[:1] == ["MAYBE"]
    assert found["error"].tolist()[1:] == ["No."]


def test_nothing_is_sent_for_nothing() -> None:
    answering = service()
    none = pd.DataFrame({"age": []})

    array = answering.do(
        answering.calls.classify_array(np.empty((0, 3)), 2, reasons=True, language=None)
    )

    options: Any = {"reasons": True, "language": None}
    assert answering.do(answering.calls.classify_many([], 2, **options)) == []
    assert len(answering.do(answering.calls.classify_many(none, 2, **options))) == 0
    assert array.status == []


def test_an_array_is_sent_in_parts_as_files_of_float32() -> None:
    columns = {"status": ["MAYBE"], "default_probability": [0.4], "model": "tag:a"}
    answering = service(
        httpx.Response(200, json=columns, headers={"X-Decision-Id": "a"}),
        httpx.Response(200, json=columns | {"model": "tag:b", "reasons": [[{"code": "AGE"}]]}),
    )
    array = [[1.5, float("nan")], [0.1, 2]]

    found = answering.do(answering.calls.classify_array(array, 1, reasons=True, language=None))

    sent = [np.load(BytesIO(each.content or b"")) for each in answering.sent]
    assert np.array_equal(np.concatenate(sent), np.float32(array), equal_nan=True)
    assert sent[0].dtype == np.float32
    assert answering.sent[0].headers == {"Content-Type": "application/x-npy"}
    assert found.status == ["MAYBE", "MAYBE"]
    assert found.model == ["tag:a", "tag:b"]
    assert found.decision_id == ["a/0", None]
    assert found.reasons == [None, [{"code": "AGE"}]]


def test_an_error_of_one_request_of_several_names_its_rows() -> None:
    answering = service(decisions(DECISION), httpx.Response(413, json={"error": "Too much."}))

    with pytest.raises(RefusedError, match="Too much") as caught:
        answering.do(answering.calls.classify_many([{}, {}], 1, reasons=True, language=None))
    assert caught.value.__notes__ == ["The request began with row 1, the first being row 0."]


def test_the_card_is_asked_for_without_a_body() -> None:
    answering = service(httpx.Response(200, json={"columns": {}}))

    assert answering.do(answering.calls.model()) == {"columns": {}}
    (sent,) = answering.sent
    assert (sent.method, sent.url, sent.content, sent.headers) == ("GET", "/model", None, {})
