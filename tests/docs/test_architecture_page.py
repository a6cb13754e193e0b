"""``docs/architecture.md`` and its picture tell the way that a request really takes."""

import re
import runpy
from pathlib import Path

import pytest
from running import PROJECT, run

PAGE = PROJECT / "docs" / "architecture.md"
ROW = re.compile(r"^\| `([\w/]+\.py)` \| [^|]+ \| (keys|log)? ?\|$", re.MULTILINE)


@pytest.mark.parametrize("options", [[], ["--keys", "--log"]], ids=["plain", "keys and log"])
def test_the_table_has_the_files_that_a_request_passes(home: Path, options: list[str]) -> None:
    printed = run("python", "tests/request_path.py", *options, home=home).stdout
    passed = re.findall(r"^ *\d+ +\d+ ([\w/]+\.py)$", printed, re.MULTILINE)
    told = [file for file, only in ROW.findall(PAGE.read_text()) if options or not only]

    assert sorted(told) == sorted(passed)


def test_the_picture_is_drawn_from_the_table() -> None:
    draw = runpy.run_path(str(PROJECT / "docs" / "draw_architecture.py"))["draw"]

    assert draw(PAGE.read_text()) == PAGE.with_suffix(".svg").read_text()
