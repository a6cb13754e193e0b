"""Every refusal is one small JSON object, on the lean path and on BentoML's own."""

import gzip
import json
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from bodies import JSON, NPY, encoded, nested, npy
from course import COURSE_EXAMPLE, Application, sample_applications
from hypothesis import given
from hypothesis import strategies as st
from raw_http import Answer, Connection

if TYPE_CHECKING:
    from running import Server

GOOD = json.dumps(COURSE_EXAMPLE)
LONG = "Q" * 3000
"""No answer has a Q of its own."""
LYING_NPY = b"\x93NUMPY\x01\x00\xb8\x0b" + LONG.encode()
MIB = 1024**2


@pytest.fixture(
    scope="module", params=["server", "bentoml_path"], ids=["lean path", "BentoML's path"]
)
def url(request: pytest.FixtureRequest) -> str:
    server: Server = request.getfixturevalue(request.param)
    return server.url


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as client:
        yield client


def typed(media_type: str) -> dict[str, Any]:
    return {"headers": {"content-type": media_type}, "content": GOOD}


def as_json(body: str) -> dict[str, Any]:
    return {"headers": JSON, "content": body}


def encoded_as(encoding: str, body: bytes) -> dict[str, Any]:
    return {"headers": JSON | {"content-encoding": encoding}, "content": body}


CASES: dict[str, tuple[int, str, str, dict[str, Any]]] = {
    "malformed": (400, "POST", "/classify", as_json("{")),
    "malformed batch": (400, "POST", "/classify_batch", as_json("[{")),
    "empty": (400, "POST", "/classify", as_json("")),
    "list of none": (400, "POST", "/classify", {"json": []}),
    "batch that is an object": (400, "POST", "/classify_batch", {"json": {}}),
    "array of one column": (400, "POST", "/classify_array", {"json": [[1]]}),
    "array that is a number": (400, "POST", "/classify_array", {"json": 1}),
    "wrong type": (400, "POST", "/classify", {"json": COURSE_EXAMPLE | {"age": LONG}}),
    "unknown word": (400, "POST", "/classify", {"json": COURSE_EXAMPLE | {"home": LONG}}),
    "unknown field": (400, "POST", "/classify", {"json": COURSE_EXAMPLE | {LONG: LONG}}),
    "many unknown": (400, "POST", "/classify", {"json": {f"{n}{LONG}": n for n in range(2)}}),
    "more unknown": (400, "POST", "/classify", {"json": {f"Q{n:03}QQQ": n for n in range(100)}}),
    "missing": (400, "POST", "/classify", {"json": {}}),
    "out of range": (400, "POST", "/classify", {"json": COURSE_EXAMPLE | {"age": 10**30}}),
    "huge number": (400, "POST", "/classify", as_json(GOOD.replace("26", "1" * 3000))),
    "NaN": (400, "POST", "/classify", as_json(GOOD.replace("26", "NaN"))),
    "too deep": (400, "POST", "/classify", as_json("[" * 9000)),
    "not UTF-8": (400, "POST", "/classify", {"headers": JSON, "content": b'{"age": "\xc3("}'}),
    "UTF-16's mark": (400, "POST", "/classify", {"headers": JSON, "content": b"\xff\xfe"}),
    "lone surrogate": (400, "POST", "/classify", as_json('{"\\ud800": 1}')),
    "NUL in a name": (400, "POST", "/classify", {"json": COURSE_EXAMPLE | {"\0" + LONG: 1}}),
    "repeated field": (400, "POST", "/classify", as_json(GOOD.replace("{", '{"age": 9, ', 1))),
    "query": (400, "POST", f"/classify_batch?reasons={LONG}", {"json": []}),
    "unknown parameter": (400, "POST", f"/classify_batch?{LONG}", {"json": []}),
    "no parameter here": (400, "POST", "/classify?reasons=true", {"json": COURSE_EXAMPLE}),
    "npy header": (400, "POST", "/classify_array", {"headers": NPY, "content": LYING_NPY}),
    "npy in a batch": (415, "POST", "/classify_batch", {"headers": NPY, "content": LYING_NPY}),
    "pickle": (415, "POST", "/classify", typed("application/vnd.bentoml+pickle")),
    "multipart": (415, "POST", "/classify", typed("multipart/form-data; boundary=x")),
    "uploaded file": (415, "POST", "/classify", {"files": {"application": b"{}"}}),
    "form": (415, "POST", "/classify", typed("application/x-www-form-urlencoded")),
    "form's field": (415, "POST", "/classify", {"data": {"age": "7"}}),
    "long media type": (415, "POST", "/classify", typed(LONG)),
    "compressed": (415, "POST", "/classify", encoded_as("gzip", gzip.compress(GOOD.encode()))),
    "long encoding": (415, "POST", "/classify", encoded_as(LONG, GOOD.encode())),
    "wrong method": (405, "GET", "/classify", {}),
    "page that is posted to": (405, "POST", "/model", {}),
    "strange method": (405, "PROPFIND", "/model", {}),
    "unknown path": (404, "GET", f"/{LONG}", {}),
    "unknown method of the service": (404, "POST", "/predict", {"json": {}}),
    "unknown file": (404, "GET", "/static_content/nothing.js", {}),
    "path that climbs": (404, "GET", "/static_content/..%2f..%2fapp.py", {}),
    "too large": (413, "POST", "/classify", {"content": b" " * 17_000, "headers": JSON}),
    "too large for a page": (413, "GET", "/model", {"content": b" " * 17_000}),
    "too many rows": (413, "POST", "/classify_batch", as_json(f"[{'7,' * 10_000}7]")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_has_one_shape_and_echoes_little(http: httpx.Client, url: str, case: str) -> None:
    status, method, path, how = CASES[case]
    answer = http.request(method, f"{url}{path}", **how)

    assert answer.status_code == status
    assert set(answer.json()) == {"error", "detail"}
    assert answer.json()["error"].endswith(".")
    assert answer.headers["content-type"] == "application/json"
    assert answer.text.count("Q") <= 100
    assert "Traceback" not in answer.text


SPLIT = {"columns": list(COURSE_EXAMPLE), "index": [0], "data": [[*COURSE_EXAMPLE.values()]]}
NO_ARRAYS: dict[str, tuple[Any, str]] = {
    "one application": (COURSE_EXAMPLE, "one object with seniority, home, time, age"),
    "a table of other parts": (SPLIT | {"rows": 1}, "one object with columns, index, data, rows"),
    "TensorFlow Serving": ({"instances": [COURSE_EXAMPLE]}, "one object with instances"),
    "open inference, V2": ({"inputs": [{"name": "x"}]}, "one object with inputs"),
    "nothing": ({}, "one object with nothing in it"),
    "a number": (7, "a single value"),
}


@pytest.mark.parametrize("path", ["/classify_batch", "/classify_array"])
@pytest.mark.parametrize("case", NO_ARRAYS)
def test_a_body_that_is_no_array_is_told_what_was_found_and_what_to_send(
    http: httpx.Client, url: str, case: str, path: str
) -> None:
    body, found = NO_ARRAYS[case]
    answer = http.post(f"{url}{path}", json=body)
    (problem,) = answer.json()["detail"]

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"This is {found}")
    assert problem["message"].endswith(", not an array")
    assert problem["expected"].startswith("Array of ")


@pytest.mark.parametrize(
    ("rows", "message"),
    [([["a"]], "Input should be a valid number"), ([[1, 2, 3]], "found rows of 3 numbers, exp")],
)
def test_rows_of_an_array_that_are_none_are_told_what_to_send(
    http: httpx.Client, url: str, rows: Any, message: str
) -> None:
    (problem,) = http.post(f"{url}/classify_array", json=rows).json()["detail"]

    assert problem["message"].startswith(message)
    assert problem["expected"].startswith("Array of rows of 29 numbers")


BODIES = {
    "/classify": GOOD,
    "/classify_batch": f"[{GOOD}]",
    "/classify_array": json.dumps(nested(encoded(sample_applications(1)))),
}


@pytest.mark.parametrize("path", BODIES)
def test_json_is_read_with_a_byte_order_mark(http: httpx.Client, url: str, path: str) -> None:
    plain, marked = (
        http.post(f"{url}{path}", content=BODIES[path].encode(encoding), headers=JSON)
        for encoding in ("utf-8", "utf-8-sig")
    )

    assert (plain.status_code, plain.json()) == (marked.status_code, marked.json())
    assert plain.status_code == 200


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_json_in_another_encoding_is_refused_by_its_name(
    http: httpx.Client, url: str, path: str, encoding: str
) -> None:
    answer = http.post(f"{url}{path}", content=BODIES[path].encode(encoding), headers=JSON)

    assert answer.status_code == 400
    assert f"JSON in {encoding[:6].upper()}, expected UTF-8" in answer.json()["error"]


NAMES = st.text(max_size=9)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES,
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=9), each, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good body of an endpoint with something in it put in the place of something else."""
    path = draw(st.sampled_from(sorted(BODIES)))
    body = json.loads(BODIES[path])
    holder = [body]
    place: Any = 0
    while isinstance(holder[place], dict | list) and holder[place] and draw(st.booleans()):
        holder = holder[place]
        names = sorted(holder) if isinstance(holder, dict) else range(len(holder))
        place = draw(st.sampled_from(names))
    wraps: list[Callable[[Any], Any]] = [
        lambda it: [it],
        lambda it: [it, it],
        lambda it: {"instances": it},
        lambda it: {"inputs": it},
        str,
    ]
    value = draw(VALUES | st.sampled_from(wraps))
    if holder[place] is body:
        return path, json.dumps(value(body) if callable(value) else value).encode()
    holder[place] = value(holder[place]) if callable(value) else value
    text = json.dumps(body)
    return path, text[: draw(st.sampled_from([len(text), len(text) // 2]))].encode()


@given(mutations())
def test_each_problem_of_each_refusal_says_what_was_expected(
    http: httpx.Client, url: str, mutation: tuple[str, bytes]
) -> None:
    path, body = mutation
    answer = http.post(f"{url}{path}", content=body, headers=JSON)
    found = answer.json()

    assert answer.status_code in {200, 400}
    for each in found if isinstance(found, list) else [found]:
        assert all(problem["expected"] for problem in each.get("detail", [])), each
        assert "error" not in each or path != "/classify" or each["detail"], each


def test_what_is_left_out_of_a_long_refusal_is_explained_too(http: httpx.Client, url: str) -> None:
    answer = http.post(f"{url}/classify", json={f"x{n}": n for n in range(99)})

    assert answer.json()["detail"][-1]["message"].startswith("and ")
    assert answer.json()["detail"][-1]["expected"].startswith("a JSON object with the fields")


LARGE, TEXT = b" " * 17_000, {"content-type": "text/plain"}
SEVERAL: dict[str, tuple[int, str, dict[str, Any]]] = {
    "path": (404, "/nowhere?x", {"content": LARGE, "headers": TEXT}),
    "media type": (415, "/classify?x", {"content": LARGE, "headers": TEXT}),
    "size": (413, "/classify?x", {"content": LARGE, "headers": JSON}),
    "query": (400, "/classify?x", {"content": b"{", "headers": JSON}),
}
"""Requests with several faults, by the one that is refused: the layers stand in this order."""


@pytest.mark.parametrize("fault", SEVERAL)
def test_of_several_faults_the_outermost_is_refused(
    http: httpx.Client, url: str, fault: str
) -> None:
    status, path, how = SEVERAL[fault]
    answer = http.post(f"{url}{path}", **how)

    assert answer.status_code == status
    assert fault != "query" or "query" in answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["/", "/model", "/model/report", "/livez", "/readyz", "/metrics", "/docs.json"]
)
def test_no_answer_may_be_cached_or_sniffed_or_names_its_server(
    http: httpx.Client, url: str, path: str
) -> None:
    answers = [
        http.get(f"{url}{path}"),
        http.delete(f"{url}{path}"),
        http.post(f"{url}/classify", json=COURSE_EXAMPLE),
        http.get(f"{url}/static_content/swagger-ui.css"),
    ]

    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers.get_list("cache-control") == ["no-store"]
        assert "server" not in answer.headers


@pytest.mark.parametrize("asked", ["bytes=0-1", "nonsense"])
def test_a_range_header_is_ignored(http: httpx.Client, url: str, asked: str) -> None:
    file = f"{url}/static_content/swagger-ui.css"

    assert http.get(file, headers={"range": asked}).text == http.get(file).text


def test_every_repeated_field_is_named(http: httpx.Client, url: str) -> None:
    twice = GOOD.replace("{", '{"age" : 9, "\\u0068ome":"rent", "age": 10,', 1)
    alone = http.post(f"{url}/classify", content=twice, headers=JSON).json()
    rows = f"[{GOOD}, {twice}, {{}}, {GOOD}]"
    batch = http.post(f"{url}/classify_batch", content=rows, headers=JSON).json()

    assert [problem["field"] for problem in alone["detail"]] == ["age", "home"]
    assert alone["detail"][0]["expected"].startswith("Age of the applicant")
    assert batch[1] == alone
    assert ["error" in row for row in batch] == [False, True, True, False]


def refusal_of(url: str, request: bytes) -> Answer:
    """The one answer until the server closes, the quickest of three: a machine may stand still."""
    found = []
    for _ in range(3):
        with Connection(url) as connection:
            connection.send(request)
            (answer,) = connection.answers()
            found.append(answer)
    return min(found, key=attrgetter("seconds"))


HEAD = b"POST /classify HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"


def test_a_body_declared_too_large_is_refused_before_it_is_sent(url: str) -> None:
    answer = refusal_of(url, HEAD + b"Content-Length: 999999999999\r\n\r\n")

    assert answer.status == 413
    assert b"at most 16384 bytes" in answer.body
    assert answer.closes
    assert answer.seconds < 1.5


def test_100_continue_is_not_sent_for_a_body_that_is_too_large(url: str) -> None:
    request = HEAD + b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
    with Connection(url) as connection:
        connection.send(request)
        answer = connection.answer(final=False)

    assert answer is not None
    assert answer.status == 413


def test_a_body_of_unknown_length_is_refused_as_soon_as_it_is_too_large(url: str) -> None:
    chunk = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
    answer = refusal_of(url, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + 5 * chunk)

    assert answer.status == 413
    assert answer.seconds < 1.5


@pytest.mark.parametrize("declared", [True, False])
def test_a_client_that_sends_too_much_still_gets_the_answer(
    http: httpx.Client, url: str, *, declared: bool
) -> None:
    body = b" " * (30 * MIB)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(body), MIB):
            yield body[start : start + MIB]

    def send() -> httpx.Response:
        return http.post(f"{url}/classify_batch", content=body if declared else pieces())

    try:
        answer = send()
    except httpx.TransportError:  # it reads on for 2 s only, and a machine may stand still
        answer = send()
    after = http.post(f"{url}/classify", json=COURSE_EXAMPLE)

    assert answer.status_code == 413
    assert set(answer.json()) == {"error", "detail"}
    assert after.status_code == 200


EMPTY = "{}"
STRANGE = json.dumps({f"field{n}": n for n in range(20)})
HOSTILE: dict[str, tuple[int, str, str]] = {
    "a batch of numbers": (413, "/classify_batch", f"[{'0,' * 250_000}0]"),
    "millions of numbers": (413, "/classify_batch", f"[{'0,' * 4_000_000}0]"),
    "millions of empty rows": (413, "/classify_batch", f"[{'{},' * 2_500_000}{{}}]"),
    "deep rows": (413, "/classify_batch", f"[{','.join(['[' * 150 + ']' * 150] * 9_000)}]"),
    "empty rows": (200, "/classify_batch", f"[{','.join([EMPTY] * 10_000)}]"),
    "strange rows": (200, "/classify_batch", f"[{','.join([STRANGE] * 10_000)}]"),
    "strange rows among others": (200, "/classify_batch", f"[{GOOD},{','.join([STRANGE] * 999)}]"),
    "millions of empty lists": (413, "/classify_array", f"[{'[],' * 5_000_000}[]]"),
    "a list of millions": (413, "/classify_array", f"[[{'0,' * 8_000_000}0]]"),
    "lists in lists": (413, "/classify_array", f"[{'[[]],' * 60_000}[]]"),
    "lists of nothing": (400, "/classify_array", f"[{'[null],' * 49_000}[]]"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_large_bad_body_costs_little_processor_time(
    http: httpx.Client, request: pytest.FixtureRequest, url: str, case: str
) -> None:
    name = "server" if request.node.callspec.params["url"] == "lean path" else "bentoml_path"
    (worker,) = request.getfixturevalue(name).workers()
    status, path, body = HOSTILE[case]
    before = sum(worker.cpu_times()[:2])
    answer = http.post(f"{url}{path}", content=body, headers=JSON)
    seconds = sum(worker.cpu_times()[:2]) - before

    assert answer.status_code == status
    assert len(answer.content) < 2 * MIB
    assert seconds < 1.5


def test_a_large_batch_and_a_large_array_are_answered_up_to_the_limit(
    http: httpx.Client, url: str
) -> None:
    row = encoded([Application.model_validate(COURSE_EXAMPLE)])

    def array(rows: int) -> httpx.Response:
        body = npy(np.repeat(row, rows, axis=0))
        return http.post(f"{url}/classify_array", content=body, headers=NPY)

    batch = http.post(f"{url}/classify_batch?reasons=false", json=[COURSE_EXAMPLE] * 10_000)
    whole, more = array(50_000), array(50_001)

    assert (batch.status_code, whole.status_code, more.status_code) == (200, 200, 413)
    assert len(batch.json()) == 10_000
    assert len(whole.json()["status"]) == 50_000
    assert "at most 50000" in more.json()["error"]


def test_a_scanner_leaves_no_series_in_the_metrics(http: httpx.Client, url: str) -> None:
    for number in range(20):
        http.get(f"{url}/scan{number}")
        http.get(f"{url}/static_content/scan{number}")
        http.post(f"{url}/classify/scan{number}")
    upgrade = {"connection": "upgrade", "upgrade": "websocket"}
    handshake = {"sec-websocket-version": "13", "sec-websocket-key": "c2NhbiBzY2FuIHNjYW4gcw=="}
    found = http.get(f"{url}/scan-socket", headers=upgrade | handshake)

    assert found.status_code == 404
    assert set(found.json()) == {"error", "detail"}
    assert "scan" not in http.get(f"{url}/metrics").text
