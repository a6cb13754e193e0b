"""A page of another site calls a service with keys: it may read every answer, refusals too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from course import COURSE_EXAMPLE
from raw_http import Connection, ask
from running import Server
from servers import Start

from credit_risk.keys import COMMAND

SHOP = "https://shop.example"
HEAD = b"POST /classify HTTP/1.1\r\nOrigin: https://shop.example\r\nHost: test\r\n"
SETTINGS: dict[str, object] = {
    "credit_risk_classifier": {
        "http": {
            "cors": {
                "enabled": True,
                "access_control_allow_origins": [SHOP],
                "access_control_allow_methods": ["GET", "POST"],
                "access_control_allow_headers": ["Content-Type", "Authorization"],
                "access_control_expose_headers": "Retry-After",
                "access_control_max_age": 600,
            }
        }
    },
    "credit_risk_classifier.traffic.max_concurrency": 1,
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A file of keys, one of them, and one that has expired."""
    file = tmp_path_factory.mktemp("keys") / "keys.toml"
    old = COMMAND.add(file, "old")
    file.write_text(file.read_text().replace(" }", ", expires = 2026-01-31 }"))
    return file, COMMAND.add(file, "bank"), old


@pytest.fixture(scope="module")
def shop(start: Start, keys: tuple[Path, str, str]) -> Iterator[Server]:
    """The service, for pages of the shop."""
    yield from start("cors", SETTINGS, **{COMMAND.variable: str(keys[0])})


@pytest.fixture(scope="module")
def page(shop: Server, keys: tuple[Path, str, str]) -> Iterator[httpx.Client]:
    """A page of the shop with a key."""
    headers = {"origin": SHOP, "authorization": f"Bearer {keys[1]}"}
    with httpx.Client(base_url=shop.url, headers=headers, timeout=60) as client:
        yield client


def check(headers: Any) -> None:
    """The page may read the answer, and its headers that are exposed."""
    assert headers["access-control-allow-origin"] == SHOP
    assert headers["access-control-expose-headers"] == "Retry-After"
    assert headers["vary"] == "Origin"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/classify", "/model", "/nowhere"])
def test_a_preflight_is_never_asked_for_a_key(shop: Server, path: str) -> None:
    asked = {
        "origin": SHOP,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }

    answer = httpx.options(f"{shop.url}{path}", headers=asked)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "Authorization" in answer.headers["access-control-allow-headers"]


def test_a_page_gets_decisions(page: httpx.Client) -> None:
    for path, body in (("/classify", COURSE_EXAMPLE), ("/classify_batch", [COURSE_EXAMPLE])):
        answer = page.post(path, json=body)

        assert answer.status_code == 200
        check(answer.headers)


CASES: dict[int, dict[str, Any]] = {
    400: {"url": "/classify?x=1", "json": COURSE_EXAMPLE},
    401: {"url": "/classify", "headers": {"authorization": ""}},
    404: {"url": "/nowhere"},
    405: {"url": "/model"},
    413: {"url": "/classify", "content": b" " * 17_000},
    415: {"url": "/classify", "headers": {"content-type": "text/plain"}, "content": b"{}"},
}


@pytest.mark.parametrize("status", CASES)
def test_a_page_may_read_a_refusal(page: httpx.Client, status: int) -> None:
    answer = page.post(**CASES[status])

    assert answer.status_code == status
    check(answer.headers)


def test_a_page_may_read_that_its_key_has_expired(
    page: httpx.Client, keys: tuple[Path, str, str]
) -> None:
    answer = page.get("/model", headers={"authorization": f"Bearer {keys[2]}"})

    assert answer.status_code == 403
    check(answer.headers)


@pytest.mark.parametrize(
    ("status", "rest"), [(400, b"no colon\r\n\r\n"), (431, b"a: 3456789\r\n" * 6_000 + b"\r\n")]
)
def test_a_page_may_read_what_the_protocol_refuses(shop: Server, status: int, rest: bytes) -> None:
    answer = ask(shop.url, HEAD + rest)

    assert answer is not None
    assert answer.status == status
    check(answer.headers)


def test_a_page_may_read_that_there_are_too_many_requests(shop: Server, page: httpx.Client) -> None:
    stalled = (
        HEAD.replace(b"classify", b"classify_batch")
        + (
            f"Authorization: {page.headers['authorization']}\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000000\r\n\r\n["
        ).encode()
    )
    for _ in range(100):  # until the stalled one has begun
        with Connection(shop.url) as connection:
            connection.send(stalled)
            answers = [page.post("/classify", json=COURSE_EXAMPLE) for _ in range(2)]
        if answers[1].status_code == 429:
            break

    assert answers[1].status_code == 429
    for _ in range(2):  # what was added to one answer is in no other
        check(answers[1].headers)
