import asyncio
import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from audit_log.errors import LogWriteError
from audit_log.group_commit import GroupCommit


class Disk:
    """Stands for a ``Writer``: as slow and as full as a test wants it."""

    def __init__(self) -> None:
        self.groups: list[list[Any]] = []
        self.full = False
        self.closed = False
        self.is_asked = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def write(self, entries: Iterable[Mapping[str, Any]]) -> None:
        group = list(entries)
        self.is_asked.set()
        self.go_on.wait(60)
        if self.full:
            raise OSError(28, "No space left on device")
        self.groups.append(group)

    def close(self) -> None:
        self.closed = True


def test_what_is_handed_over_meanwhile_is_written_together() -> None:
    disk = Disk()

    async def hand_over() -> None:
        journal = GroupCommit(disk)
        disk.go_on.clear()
        first = journal.write([{"id": 0}])
        await asyncio.to_thread(disk.is_asked.wait)
        others = [journal.write([{"id": number}]) for number in range(1, 6)]
        await asyncio.sleep(0.05)
        assert not any(each.done() for each in (first, *others))
        disk.go_on.set()
        await asyncio.gather(first, *others)
        await journal.close()

    asyncio.run(hand_over())

    assert disk.groups == [[{"id": 0}], [{"id": number} for number in range(1, 6)]]
    assert disk.closed


def test_the_loop_does_not_wait_for_the_disk() -> None:
    disk = Disk()

    async def hand_over() -> bool:
        journal = GroupCommit(disk)
        disk.go_on.clear()
        waiting = journal.write([{"id": 0}])
        await asyncio.wait_for(asyncio.sleep(0), 1)
        still_waiting = not waiting.done()
        disk.go_on.set()
        await waiting
        await journal.close()
        return still_waiting

    assert asyncio.run(hand_over())


def test_entries_are_put_together_by_the_thread() -> None:
    threads = []

    def entries() -> Iterable[Mapping[str, Any]]:
        threads.append(threading.current_thread().name)
        yield {"id": 0}

    async def hand_over() -> None:
        journal = GroupCommit(Disk())
        await journal.write(entries())
        await journal.close()

    asyncio.run(hand_over())

    assert threads == ["decision-log"]


def test_on_a_full_disk_all_that_wait_are_told_and_the_next_try_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk = Disk()
    disk.full = True

    async def hand_over() -> None:
        journal = GroupCommit(disk)
        for _ in range(3):
            with pytest.raises(LogWriteError, match="No space left on device"):
                await journal.write([{"id": 0}])
        assert isinstance(journal.problem, OSError)
        disk.full = False
        await journal.write([{"id": 1}])
        assert journal.problem is None
        await journal.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(hand_over())

    assert disk.groups == [[{"id": 1}]]
    assert [record.message for record in caplog.records] == [
        "Decisions cannot be logged and are refused: [Errno 28] No space left on device",
        "Decisions can be logged again",
    ]


def test_an_entry_that_cannot_be_made_does_not_end_the_thread() -> None:
    def broken() -> Iterable[Mapping[str, Any]]:
        yield {"id": 0}
        raise ZeroDivisionError

    disk = Disk()

    async def hand_over() -> None:
        journal = GroupCommit(disk)
        with pytest.raises(ZeroDivisionError):
            await journal.write(broken())
        await journal.write([{"id": 1}])
        await journal.close()

    asyncio.run(hand_over())

    assert disk.groups == [[{"id": 1}]]


def test_who_no_longer_waits_disturbs_nobody() -> None:
    disk = Disk()

    async def hand_over() -> None:
        journal = GroupCommit(disk)
        disk.go_on.clear()
        gone, stays = journal.write([{"id": 0}]), journal.write([{"id": 1}])
        gone.cancel()
        disk.go_on.set()
        await stays
        await journal.close()

    asyncio.run(hand_over())

    assert [entry["id"] for group in disk.groups for entry in group] == [0, 1]


def test_closing_writes_what_was_handed_over() -> None:
    disk = Disk()

    async def hand_over() -> None:
        journal = GroupCommit(disk)
        written = [journal.write([{"id": number}]) for number in range(10)]
        await journal.close()
        await asyncio.gather(*written)

    asyncio.run(hand_over())

    assert sum(map(len, disk.groups)) == 10
