"""Tests that need a tool are left out where it is not, and the end of a run says so.

``@pytest.mark.needs("wrk")`` names what a test needs; a test of the real data need not say so.
"""

import os
import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REAL_DATA = Path(os.environ.get("CREDIT_RISK_REAL_DATA", PROJECT / "data" / "CreditScoring.csv"))
DATA = "the real data (`make data`, or CREDIT_RISK_REAL_DATA=path)"
MOUNTING = "the right to mount a file system"
COMMANDS = {"chromium": BROWSERS, "cc": ("cc", "gcc")}
"""Commands of which any will do, by the name of the tool; others are a command each."""
LEFT_OUT = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real data set."""
    return REAL_DATA


@cache
def is_here(tool: str) -> bool:
    """Whether this machine has a tool."""
    if tool == DATA:
        return REAL_DATA.exists()
    if tool == MOUNTING:
        tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
        return tried.returncode == 0
    return any(map(shutil.which, COMMANDS.get(tool, (tool,))))


def lacks(item: pytest.Item) -> str | None:
    """A tool that a test needs and this machine has not."""
    tools = [tool for mark in item.iter_markers("needs") for tool in mark.args]
    if "real_data" in getattr(item, "fixturenames", ()):
        tools.append(DATA)
    return next((tool for tool in tools if not is_here(tool)), None)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what lacks its tool, after what nobody asked for."""
    lacking = {item: tool for item in items if (tool := lacks(item))}
    config.stash[LEFT_OUT] = Counter(lacking.values())
    if lacking:
        config.hook.pytest_deselected(items=list(lacking))
        items[:] = [item for item in items if item not in lacking]
    if (output := getattr(config, "workeroutput", None)) is not None:
        output["left_out"] = dict(config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what each of several processes has left out, which is the same."""
    node.config.stash[LEFT_OUT] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was left out."""
    for tool, count in config.stash.get(LEFT_OUT, Counter()).items():
        terminalreporter.write_line(f"left out: {count} tests that need {tool}")
