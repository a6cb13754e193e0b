"""The soak in its short form: seconds, and every fault once. `make soak` takes ten minutes."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from faults.load import Load
from faults.soak import Soak, draw, soak, table, two_workers
from running import Server


@pytest.mark.system
def test_a_short_soak_finds_nothing(home: Path, tmp_path: Path) -> None:
    with two_workers(home, tmp_path) as server:
        state = asyncio.run(soak(server, seconds=25, every=4, show=nothing_is_wrong))

    assert state.problems == []
    assert {name for name, _ in state.faults} >= {"kill a worker", "vanish"}
    assert state.load.answered.keys() == {"single", "batch", "array", "hostile"}

    draw(state, tmp_path / "soak.svg")

    assert table(state).row_count > 5
    assert (tmp_path / "soak.svg").read_text().startswith("<?xml")


def nothing_is_wrong(state: Soak) -> None:
    assert state.load.wrong == []


def test_a_leak_a_wrong_answer_and_a_request_lost_for_no_reason_are_problems(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(["true"]) as process:
        load = Load("localhost", 80, [], wrong=["another answer"], lost=[(9.0, 9.5), (50.0, 50.5)])
        state = Soak(Server("", process, tmp_path, tmp_path), load, kills=[9.2])
        leaking = [(float(second), 100 if second < 90 else 106) for second in range(200)]
        state.memory |= {1: leaking, 2: [(at, 100) for at, _ in leaking]}
        state.judge()

    found = "\n".join(state.problems)
    assert "wrong answer: another answer" in found
    assert "1 requests were lost without a worker being killed" in found
    assert "process 1 grew to 1.060 times" in found
    assert "process 2" not in found
