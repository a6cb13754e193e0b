"""One short way: how much code a request passes."""

import re
from pathlib import Path

import pytest
from running import run

MOST = {(): (18, 2_400), ("--keys", "--log"): (25, 3_400)}
"""Files and their lines, by the options of the script."""


@pytest.mark.parametrize("options", MOST, ids=["plain", "keys and log"])
def test_a_request_passes_few_files(home: Path, options: tuple[str, ...]) -> None:
    shown = run("python", "tests/request_path.py", *options, home=home).stdout
    files, lines = map(int, re.findall(r"(\d+) files, (\d+) lines", shown)[0])

    assert "service.py" in shown
    assert ("audit_log/group_commit.py" in shown) == ("--log" in options), "threads are seen"
    assert ("lean_bento/auth/middleware.py" in shown) == ("--keys" in options)
    assert files <= MOST[options][0], shown
    assert lines <= MOST[options][1], shown
