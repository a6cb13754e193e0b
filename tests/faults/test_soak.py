"""The soak in its short form: seconds, and every fault once. `make soak` takes ten minutes."""

import asyncio
from pathlib import Path

from faults.soak import Soak, draw, soak, table, two_workers


def test_a_short_soak_finds_nothing(home: Path, tmp_path: Path) -> None:
    with two_workers(home, tmp_path) as server:
        state = asyncio.run(soak(server, seconds=25, every=4, show=table_of_none))

    assert state.problems == []
    assert {name for name, _ in state.faults} >= {"kill a worker", "vanish"}
    assert state.load.answered.keys() == {"single", "batch", "array", "hostile"}

    draw(state, tmp_path / "soak.svg")

    assert table(state).row_count > 5
    assert (tmp_path / "soak.svg").read_text().startswith("<?xml")


def table_of_none(state: Soak) -> None:
    assert state.load.wrong == []
