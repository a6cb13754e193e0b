"""The lean path answers as BentoML's own path does, and steps aside where it cannot."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from course import COURSE_EXAMPLE, sample_applications
from running import Server, configured, serving, wait_until

GOOD = json.dumps(COURSE_EXAMPLE)
MANY = json.dumps([sample.model_dump(mode="json") for sample in sample_applications(20)])
JSON = "application/json"


def changed(**values: Any) -> str:
    return json.dumps(COURSE_EXAMPLE | values)


TWICE = GOOD.replace("{", '{"age": 40, ', 1)
BODIES = [
    GOOD,
    MANY,
    "",
    "{}",
    "[]",
    "null",
    "7",
    '"text"',
    "{",
    "nonsense",
    "\x00\x01",
    "[[]]",
    "[[1, 2]]",
    GOOD + GOOD,
    f" \n{GOOD}\t",
    f"[{GOOD}, {{}}, null, {GOOD}]",
    changed(age="7"),
    changed(age=None),
    changed(age=7, home="castle", zip=1),
    changed(income=99_999_999),
    changed(income=None),
    changed(debt=-1),
    changed(**{"x" * 500: "y" * 500}),
    TWICE,
    changed(age="?").replace('"?"', "NaN"),
    changed(age="?").replace('"?"', "1e400"),
    changed(age="?").replace('"?"', "1" * 400),
    "[" * 300 + "]" * 300,
    "[" * 200_000,
    GOOD.replace('"age"', '"\\u0061ge": 30, "age"'),
    f"[{GOOD}, {TWICE}, {{}}]",
    changed(**{"\u0000": 1, "\ufeff": 2}),
    changed(age="?").replace('"?"', "-0"),
    changed(age="?").replace('"?"', "1e1"),
    changed(age="?").replace('"?"', "Infinity"),
    changed(age="?").replace('"?"', '"\\ud800"'),
    changed(age="?").replace('"?"', "1" * 5000),
    changed(home="\ud83d\ude00").encode().decode(),
]
RAW = [body.encode() for body in BODIES] + [
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"age": "\xc3\x28"}',
    b'{"\\ud800": 1}',
    GOOD.encode("utf-16"),
    b" " * 20_000,
]
PATHS = ["/classify", "/classify_batch", "/classify_array"]
TYPES = [JSON, None, "Application/JSON; charset=utf-8", "text/plain", "application/x-npy"]


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as client:
        yield client


def answer(
    http: httpx.Client, server: Server, path: str, body: bytes, content_type: str | None
) -> dict[str, Any]:
    """Status, body and headers of an answer, but for the date."""
    headers = {} if content_type is None else {"content-type": content_type}
    found = http.post(f"{server.url}{path}", content=body, headers=headers)
    return {
        "status": found.status_code,
        "body": found.json(),
        "headers": {name: value for name, value in found.headers.items() if name != "date"},
    }


def test_one_server_is_on_bentoml_s_own_path(bentoml_path: Server) -> None:
    """The other is on the lean one, as ``docs/test_architecture_page`` shows."""
    bentoml_path.post("/classify", json=COURSE_EXAMPLE)

    wait_until(lambda: "path=/classify" in bentoml_path.logged())


@pytest.mark.parametrize(("path", "content_type"), list(itertools.product(PATHS, TYPES)))
def test_both_paths_give_the_same_answers(
    http: httpx.Client, server: Server, bentoml_path: Server, path: str, content_type: str | None
) -> None:
    for body in RAW:
        lean = answer(http, server, path, body, content_type)
        assert lean == answer(http, bentoml_path, path, body, content_type), body[:200]
        assert lean["status"] in {200, 400, 413, 415}


QUERIES = [
    "?",
    "?&",
    "?reasons=true",
    "?reasons",
    "?reasons=",
    "?reasons=perhaps",
    "?reasons=true&reasons=true",
    "?Reasons=true",
    "?reasons=true&x=1",
    "?x",
    "?%72easons=false",
    "?language=es",
    "?language=en&reasons=true",
    "?reasons=false&language=ES",
    "?language",
    "?language=en&language=en",
    "?%ff=%00",
    f"?{'x' * 500}",
]


@pytest.mark.parametrize("path", PATHS)
def test_both_paths_read_and_refuse_the_same_queries(
    http: httpx.Client, server: Server, bentoml_path: Server, path: str
) -> None:
    for query in QUERIES:
        for body in (b"[]", GOOD.encode(), b"{", b" " * 20_000):
            lean = answer(http, server, f"{path}{query}", body, JSON)
            assert lean == answer(http, bentoml_path, f"{path}{query}", body, JSON), query


@pytest.mark.parametrize(
    ("encoding", "status"),
    [("identity", 200), ("Identity", 200), ("gzip", 415), ("identity, br", 415), ("", 415)],
)
def test_both_paths_take_a_body_only_as_it_is(
    http: httpx.Client, server: Server, bentoml_path: Server, encoding: str, status: int
) -> None:
    for each in (server, bentoml_path):
        headers = {"content-type": JSON, "content-encoding": encoding}
        found = http.post(f"{each.url}/classify", content=GOOD, headers=headers)

        assert found.status_code == status
        if status == 415:
            assert f"Content-Encoding {encoding}, expected none" in found.json()["error"]


def series(server: Server) -> dict[str, float]:
    """Prometheus samples that both paths must keep, without what is different by nature."""
    kept = (
        "request_total",
        "request_in_progress",
        "request_duration_seconds_count",
        "last_request",
    )
    lines = server.get("/metrics").text.splitlines()
    samples = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {
        re.sub(r'pid="\d+"', "", name): float(value)
        for name, value in samples
        if any(name.startswith(f"bentoml_service_{each}") for each in kept)
    }


def counted(http: httpx.Client, server: Server) -> dict[str, float]:
    """How much each series grows by all bodies on all paths, and a query that is not taken."""
    before = series(server)
    for body in RAW:
        for path in PATHS:
            answer(http, server, path, body, JSON)
    answer(http, server, "/classify?x", GOOD.encode(), JSON)
    growth = {name: value - before.get(name, 0) for name, value in series(server).items()}
    return {name: value for name, value in growth.items() if value}


def test_both_paths_count_in_the_same_series(
    http: httpx.Client, server: Server, bentoml_path: Server
) -> None:
    lean, ours = (counted(http, each) for each in (server, bentoml_path))
    total = sum(n for name, n in lean.items() if "request_total" in name and "/classify" in name)

    assert lean.keys() == ours.keys()
    assert {name for name in lean if lean[name] != ours[name]} == {
        name for name in lean if "last_request" in name
    }
    assert total == len(RAW) * len(PATHS) + 1
    for status in (200, 400):
        code = f'endpoint="/classify",http_response_code="{status}"'
        assert [name for name in lean if "request_total" in name and code in name]
    assert not [name for name in lean if "in_progress" in name], "what begins ends"
    assert [name for name in series(server) if "in_progress" in name and "/classify" in name]


@pytest.mark.system
def test_it_steps_aside_for_tracing(home: Path, tmp_path: Path) -> None:
    """Not for CORS: ``tests/lean_bento/test_service.py``."""
    setting = {"tracing": {"excluded_urls": "/livez"}}
    changed = configured(tmp_path, {"credit_risk_classifier": setting})

    with serving("service.py:svc", home=home, log=tmp_path / "log", **changed) as server:
        found = server.post("/classify", json=COURSE_EXAMPLE)

    assert found.status_code == 200
    assert "x-bentoml-request-id" in found.headers
