"""Swagger UI at ``/``, used by a person with a browser."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest
from browsing import browsing
from playwright.sync_api import Browser, Page, expect
from running import Server

HOST = "credit-risk.test"
"""Not localhost, where Swagger UI is quieter than it is on other hosts."""

pytestmark = pytest.mark.needs("chromium")


@dataclass
class Visit:
    """A page, and what happened on it.

    Attributes:
        page: the browser's page.
        origin: scheme, host and port of the service as the browser sees it.
        requests: address of everything that the page asked for.
        complaints: errors and warnings on the console, uncaught exceptions, failed requests.
    """

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def requests_elsewhere(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(f"{self.origin}/")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser."""
    with browsing(f"--host-resolver-rules=MAP {HOST} 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def visit(server: Server, browser: Browser) -> Iterator[Visit]:
    """``/`` of the running service, open for the first time."""
    page = browser.new_page()
    visit = Visit(page, f"http://{HOST}:{urlsplit(server.url).port}")
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("requestfailed", lambda request: visit.complaints.append(request.url))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            visit.complaints.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    page.goto(f"{visit.origin}/")
    expect(page.locator(".opblock").first).to_be_visible(timeout=30_000)
    yield visit
    page.close()


def test_the_page_shows_every_endpoint(visit: Visit, client: httpx.Client) -> None:
    document = client.get("/docs.json").json()
    shown = visit.page.locator(".opblock-summary-path")
    paths = [shown.nth(place).get_attribute("data-path") for place in range(shown.count())]

    assert sorted(filter(None, paths)) == sorted(document["paths"])
    assert visit.page.title() == document["info"]["title"]


@pytest.mark.parametrize("name", ["classify", "classify_batch", "classify_array"])
def test_the_example_that_is_shown_gets_the_decision_that_a_program_gets(
    visit: Visit, client: httpx.Client, name: str
) -> None:
    operation = visit.page.locator(f"[id$='-{name}'].opblock")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    example = operation.locator("textarea.body-param__text").input_value()
    operation.get_by_role("button", name="Execute").click()
    response = operation.locator(".live-responses-table .response").first
    expect(response.locator(".response-col_status")).to_contain_text("200", timeout=30_000)
    shown = json.loads(response.locator(".highlight-code code").first.inner_text())
    answered = client.post(f"/{name}", json=json.loads(example)).json()

    assert shown == answered
    assert any(decision in str(shown) for decision in ("APPROVED", "MAYBE", "DECLINED"))
    assert visit.requests_elsewhere() == []
    assert visit.complaints == []


def test_the_page_requests_nothing_from_other_hosts(visit: Visit) -> None:
    visit.page.evaluate("() => new Promise(requestIdleCallback)")  # all that was due was asked for

    assert f"{visit.origin}/docs.json" in visit.requests
    assert visit.requests_elsewhere() == []
    assert visit.complaints == []


def test_the_browser_refuses_requests_to_other_hosts(visit: Visit) -> None:
    refused = visit.page.evaluate(
        "fetch('http://elsewhere.test/').then(() => false, () => true)",
    )

    assert refused
    assert any("Content Security Policy" in complaint for complaint in visit.complaints)
