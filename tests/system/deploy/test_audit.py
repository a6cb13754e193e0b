"""`make audit`: a vulnerability fails, and a package not looked up is never called safe."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from running import BIN, PROJECT, run

pytestmark = pytest.mark.system
SCRIPT = PROJECT / "deploy" / "audit.py"
judge = runpy.run_path(str(SCRIPT))["judge"]
SAFE = {"name": "numpy", "version": "2.4.6", "vulns": []}
VULNERABLE = {
    "name": "bentoml",
    "version": "1.2.4",
    "vulns": [{"id": "CVE-2024-2912", "fix_versions": ["1.2.5"]}],
}
SKIPPED = {"name": "rich", "skip_reason": "Dependency not found"}


def judged(*answer: dict[str, Any]) -> tuple[list[str], int]:
    lines, code = judge(list(answer), {each["name"] for each in answer}, {"bentoml", "numpy"})
    return list(lines), int(code)


def test_without_a_database_it_says_so_in_a_sentence_and_fails(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY"), "http://127.0.0.1:1")

    command = (BIN / "python", SCRIPT, "--cache-dir", tmp_path / "cache")
    found = run(*command, home=tmp_path, check=False, **nowhere)

    assert found.returncode == 2
    assert found.stdout.startswith("NOT AUDITED: ")
    assert "nothing is known of" in found.stdout
    assert "Traceback" not in found.stdout + found.stderr


def test_a_vulnerability_is_named_with_what_mends_it_and_fails() -> None:
    lines, code = judged(SAFE, VULNERABLE, SKIPPED)

    assert code == 1
    assert lines[0] == "VULNERABLE: bentoml 1.2.4, which ships: CVE-2024-2912, fixed in 1.2.5"
    assert lines[1].endswith("so nothing is known of 1 packages: rich.")


def test_only_packages_that_were_looked_up_are_called_safe() -> None:
    assert judged(SAFE) == (["1 packages were looked up."], 0)
    assert judged(SAFE, SKIPPED)[1] == 2
    assert judged(SKIPPED)[0][0].endswith("so nothing is known of 1 packages: all.")
