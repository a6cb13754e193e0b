"""Processes that score the parts of a file."""

from pathlib import Path
from typing import Any

import pytest
from scored_files import (
    TOY,
    applications,
    as_csv,
    dying_scorer,
    no_scorer,
    run_of,
    toy_scorer,
)

from credit_risk.errors import DataError, UsageError
from credit_risk.files import Summary, manifest_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return as_csv(tmp_path / "in.csv", applications(TOY, 90))


def score(path: Path, name: str, **how: Any) -> tuple[Summary, bytes, bytes]:
    table = path.with_name(name) / "out.csv"
    table.parent.mkdir(exist_ok=True)
    counts = run_of(path, table, size=path.stat().st_size // 9, **how)()
    return counts, table.read_bytes(), manifest_of(table).read_bytes()


def test_several_processes_give_the_same_bytes_as_one(path: Path) -> None:
    told: list[int] = []

    def progress(_share: float, rows: int) -> None:
        told.append(rows)

    found = score(path, "several", workers=2, recipe=toy_scorer, progress=progress)

    assert found == score(path, "one")
    assert told == sorted(told)
    assert told[-1] == 90


def test_a_process_that_dies_is_one_sentence_and_the_run_goes_on(path: Path) -> None:
    with pytest.raises(UsageError, match=r"found a process that died, .* the same command goes on"):
        score(path, "x", workers=2, recipe=dying_scorer)

    assert score(path, "x", workers=2, recipe=toy_scorer) == score(path, "one")


def test_a_process_without_a_model_says_why(path: Path) -> None:
    with pytest.raises(UsageError, match="found no model, expected one"):
        score(path, "x", workers=2, recipe=no_scorer)


def test_what_cannot_be_read_is_said_and_what_is_done_stays(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content + b"\xff")
    with pytest.raises(DataError, match="bytes that are not UTF-8"):
        score(path, "x", workers=2, recipe=toy_scorer)

    (folder,) = (path.parent / "x").iterdir()

    assert list(folder.glob("*.arrow"))
