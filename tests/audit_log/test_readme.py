"""The example of the package's README runs, and prints what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

from running import PROJECT

README = PROJECT / "audit_log" / "README.md"


def test_the_example_prints_what_is_shown(tmp_path: Path) -> None:
    text = README.read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(r"It prints `(.*?)`", text)
    run = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.strip() == shown


def test_the_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", README.read_text()):
        assert (README.parent / link).exists(), link


def test_on_windows_it_says_in_a_sentence_what_to_do() -> None:
    program = "import sys; sys.platform = 'win32'; import audit_log"
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert run.returncode == 1
    assert run.stderr.endswith("found Windows, expected Linux or macOS: run this in WSL 2\n")
