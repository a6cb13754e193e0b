"""A real browser without a window, which asks for nothing on its own account."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from needs import BROWSERS
from playwright.sync_api import Browser, sync_playwright

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)


@contextmanager
def browsing(*flags: str) -> Iterator[Browser]:
    """Run a browser, with further flags of its command line."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        yield browser
        browser.close()
