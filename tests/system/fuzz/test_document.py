"""Requests that Schemathesis draws from the service's own OpenAPI document."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest
import requests
import schemathesis
from fuzz.effort import for_each, share
from fuzz.judging import complaints
from fuzz.target import SENT, Target, count
from fuzz.wire import Request, prompt
from raw_http import Answer
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from lean_bento import CSV

pytestmark = pytest.mark.hypothesis  # `make test-system` draws more
POSTS = ["/classify", "/classify_batch", "/classify_array"]
GETS = [
    "/",
    "/docs.json",
    "/model",
    "/model/report",
    "/livez",
    "/readyz",
    "/healthz",
    "/metrics",
]
MODES = list(GenerationMode)
EACH = share("by the document", len(POSTS) * len(MODES))
"""Requests of an operation and a mode: as the document says, or not."""

LEFT_OUT: dict[str, list[Any]] = {
    "/classify": [],
    # A bad row is refused in its place, in an answer of 200.
    "/classify_batch": [checks.negative_data_rejection],
    # JSON Schema cannot say that exactly one column of a category is 1, nor what a .npy file is.
    "/classify_array": [checks.negative_data_rejection, checks.positive_data_acceptance],
}
"""Promises that a JSON schema cannot make; all other checks of Schemathesis apply."""


@pytest.fixture(scope="module")
def document(target: Target) -> Any:
    return schemathesis.openapi.from_url(f"{target.server.url}/docs.json")


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def test_every_operation_of_the_document_is_tried(document: Any) -> None:
    found = {operation.ok().label for operation in document.get_all_operations()}

    assert found == {f"POST {path}" for path in POSTS} | {f"GET {path}" for path in GETS}


def as_ours(found: schemathesis.Response) -> tuple[Request, Answer]:
    """A request and its answer from Schemathesis, for the same judgement as all others."""
    sent = found.request
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    headers = {name.lower(): values[0] for name, values in found.headers.items()}
    target = sent.path_url.encode()
    answer = Answer(found.status_code, headers, found.content, found.elapsed)
    return Request(sent.method.encode(), target, (), body), answer


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("path", POSTS)
def test_every_post_is_answered_as_the_document_says(
    target: Target, document: Any, session: requests.Session, path: str, mode: GenerationMode
) -> None:
    kind = f"{mode.value} {path}, by its document"

    def send(case: schemathesis.Case) -> None:
        count(kind)
        found = prompt(lambda: case.call(session=session), attrgetter("elapsed"))
        assert complaints(*as_ours(found)) == []
        left_out = [*LEFT_OUT[path]]
        if case.media_type == CSV:  # nor what a table is
            left_out.append(checks.positive_data_acceptance)
        case.validate_response(found, excluded_checks=left_out)
        target.is_well()

    for_each(document[path]["POST"].as_strategy(generation_mode=mode), EACH, send)

    assert SENT[kind] >= EACH


@pytest.mark.parametrize("path", GETS)
def test_every_get_is_answered_as_the_document_says(
    document: Any, session: requests.Session, path: str
) -> None:
    case = document[path]["GET"].Case()

    found = case.call(session=session)

    assert found.status_code == 200
    case.validate_response(found)
