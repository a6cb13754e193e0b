"""A page of another site asks with a browser, as bentoconfiguration.yaml and the docs show it."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import yaml
from browsing import browsing
from documents import blocks, text_of
from playwright.sync_api import Page
from running import Server, answering
from servers import Start

pytestmark = pytest.mark.needs("chromium")


class Shop(BaseHTTPRequestHandler):
    """A page without anything in it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,>")

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """Origin of another site."""
    with answering(Shop) as url:
        yield url


@pytest.fixture(scope="module")
def open_to_shop(
    start: Start, shop: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The service with the commented lines of its configuration in force, and a decision log."""
    text = text_of("bentoconfiguration.yaml")
    (block,) = re.findall(r"(?:^    # .*\n)+(?=    form:)", text, re.MULTILINE)
    settings: Any = yaml.safe_load(re.sub(r"^    # ", "", block, flags=re.MULTILINE))
    settings["http"]["cors"]["access_control_allow_origins"] = [shop]
    folder = tmp_path_factory.mktemp("log") / "decisions"
    changes: dict[str, object] = {"credit_risk_classifier": settings}
    yield from start("shop", changes, CREDIT_RISK_DECISION_LOG=str(folder))


@pytest.fixture(scope="module")
def page(shop: str) -> Iterator[Page]:
    """The page of the shop, open in a browser."""
    with browsing() as browser:
        page = browser.new_page()
        page.goto(shop)
        yield page


def said(page: Page, url: str) -> str:
    """What the JavaScript of the docs says in a page, or why it fails."""
    (program,) = blocks("docs/serving.md", "javascript")
    program = program.replace("http://localhost:3000", url)
    program = program.replace("console.log(", "return [].concat(").replace(
        'Id"));', "Id\")).join(' ');"
    )
    found: str = page.evaluate(
        f"async () => {{ try {{ {program} }} catch (e) {{ return `${{e}}` }} }}"
    )
    return found


def test_a_page_of_a_site_that_is_named_reads_the_decision_and_its_id(
    open_to_shop: Server, page: Page
) -> None:
    assert re.fullmatch(r"APPROVED [0-9a-f-]{36}", said(page, open_to_shop.url))


def test_a_page_of_any_other_site_reads_nothing(server: Server, page: Page) -> None:
    assert said(page, server.url) == "TypeError: Failed to fetch"
