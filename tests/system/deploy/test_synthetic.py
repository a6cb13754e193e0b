"""Bentos and images of a model that learned from synthetic loans."""

import subprocess
import sys
from pathlib import Path

import pytest
from running import PROJECT, environment, run

pytestmark = pytest.mark.system
SCRIPT = PROJECT / "deploy" / "container.py"
TOOL = '#!/bin/sh\ntest "$1" = info\n'
"""A docker that is there and builds nothing."""


def test_a_bento_is_built_with_a_warning(home: Path) -> None:
    built = run("bentoml", "build", home=home)

    assert built.stderr.count("learned from synthetic loans") == 1
    assert "Successfully built" in built.stdout


@pytest.mark.parametrize("allowed", ["", "0", "1"])
def test_an_image_is_refused_unless_it_is_allowed(home: Path, tmp_path: Path, allowed: str) -> None:
    tool = tmp_path / "docker"
    tool.write_text(TOOL)
    tool.chmod(0o755)

    made = subprocess.run(
        [sys.executable, SCRIPT],
        env=environment(home, CONTAINER_TOOL=str(tool), ALLOW_SYNTHETIC=allowed),
        capture_output=True,
        text=True,
        check=False,
    )

    caution, *others = made.stderr.splitlines()
    assert made.returncode == 1
    assert "learned from synthetic loans, sample.csv; " in caution
    if allowed == "1":
        assert caution.startswith("Warning: ")
        assert others  # the image is begun
    else:
        assert caution.startswith("NO IMAGE WAS BUILT: credit_risk_model:")
        assert "python train.py --data FILE" in caution
        assert caution.endswith("make container ALLOW_SYNTHETIC=1")
        assert not others
