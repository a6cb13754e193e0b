"""``docs/architecture.md`` and its picture tell the way that a request really takes."""

import re
import runpy
from pathlib import Path

import pytest
from running import PROJECT, run

PAGE = PROJECT / "docs" / "architecture.md"
MOST = {(): (18, 2_400), ("--keys", "--log"): (25, 3_400)}
"""Files that a request passes and their lines, by the options of the script."""
ROW = re.compile(r"^\| `([\w/]+\.py)` \| [^|]+ \| (keys|log)? ?\|$", re.MULTILINE)


@pytest.fixture(scope="module", params=MOST, ids=["plain", "keys and log"])
def options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


@pytest.fixture(scope="module")
def printed(home: Path, options: tuple[str, ...]) -> str:
    return run("python", "tests/request_path.py", *options, home=home).stdout


def test_a_request_passes_few_files(printed: str, options: tuple[str, ...]) -> None:
    files, lines = map(int, re.findall(r"(\d+) files, (\d+) lines", printed)[0])

    assert "service.py" in printed
    assert ("audit_log/group_commit.py" in printed) == ("--log" in options), "threads are seen"
    assert ("lean_bento/auth/middleware.py" in printed) == ("--keys" in options)
    assert files <= MOST[options][0], printed
    assert lines <= MOST[options][1], printed


def test_the_table_has_the_files_that_a_request_passes(
    printed: str, options: tuple[str, ...]
) -> None:
    passed = re.findall(r"^ *\d+ +\d+ ([\w/]+\.py)$", printed, re.MULTILINE)
    told = [file for file, only in ROW.findall(PAGE.read_text()) if options or not only]

    assert sorted(told) == sorted(passed)


def test_the_picture_is_drawn_from_the_table() -> None:
    draw = runpy.run_path(str(PROJECT / "docs" / "draw_architecture.py"))["draw"]

    assert draw(PAGE.read_text()) == PAGE.with_suffix(".svg").read_text()
