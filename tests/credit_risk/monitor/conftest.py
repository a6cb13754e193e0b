"""A trained model, decisions of it, and logs and tables of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from running import run
from watched import SAMPLE, Watched, watching

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def watched(home: Path) -> Iterator[Watched]:
    with watching(home) as found:
        yield found


@pytest.fixture
def write(watched: Watched, tmp_path: Path) -> Write:
    """Write decisions to a log, as ``Watched.write``; returns its folder."""

    def write(decisions: list[dict[str, Any]], **how: Any) -> Path:
        return watched.write(tmp_path / "log", decisions, **how)

    return write


@pytest.fixture(scope="session")
def scored(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of some rows of the sample, and of one that is refused."""
    folder = tmp_path_factory.mktemp("scored")
    lines = SAMPLE.read_text().splitlines()
    (folder / "in.csv").write_text("\n".join([*lines[:301], lines[1] + ",1"]))
    table = folder / "answers.parquet"
    command = ("python", "-m", "credit_risk.score", folder / "in.csv", "--to", table)
    assert run(*command, home=home, check=False).returncode == 1
    return table
