import asyncio
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from audit_log import GroupCommit, LogWriteError


class Disk:
    """Stands for a ``LogWriter``: as slow and as full as a test wants it."""

    def __init__(self) -> None:
        self.groups: list[list[Any]] = []
        self.full = False
        self.broken: Exception | None = None
        self.closed = False
        self.is_called = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def append(self, entries: Iterable[Mapping[str, Any]]) -> None:
        group = list(entries)
        self.is_called.set()
        self.go_on.wait(60)
        if self.full:
            raise OSError(28, "No space left on device")
        if self.broken:
            raise self.broken
        self.groups.append(group)

    def close(self) -> None:
        self.closed = True


def test_what_is_handed_over_meanwhile_is_written_together() -> None:
    disk = Disk()

    async def hand_over() -> None:
        log = GroupCommit(disk)
        disk.go_on.clear()
        first = log.append([{"id": 0}])
        await asyncio.to_thread(disk.is_called.wait)
        others = [log.append([{"id": number}]) for number in range(1, 6)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in (first, *others))
        disk.go_on.set()
        await asyncio.gather(first, *others)
        await log.close()

    asyncio.run(hand_over())

    assert disk.groups == [[{"id": 0}], [{"id": number} for number in range(1, 6)]]
    assert disk.closed


def test_the_loop_does_not_wait_for_the_disk() -> None:
    disk = Disk()

    async def hand_over() -> bool:
        log = GroupCommit(disk)
        disk.go_on.clear()
        waiting = log.append([{"id": 0}])
        await asyncio.wait_for(asyncio.sleep(0), 1)
        still_waiting = not waiting.done()
        disk.go_on.set()
        await waiting
        await log.close()
        return still_waiting

    assert asyncio.run(hand_over())


def test_entries_are_put_together_by_the_thread() -> None:
    threads = []

    def entries() -> Iterable[Mapping[str, Any]]:
        threads.append(threading.current_thread().name)
        yield {"id": 0}

    async def hand_over() -> None:
        log = GroupCommit(Disk())
        await log.append(entries())
        await log.close()

    asyncio.run(hand_over())

    assert threads == ["audit-log"]


def test_on_a_full_disk_all_that_wait_are_told_and_the_next_try_again() -> None:
    disk = Disk()
    disk.full = True
    changes: list[Exception | None] = []

    async def hand_over() -> None:
        log = GroupCommit(disk, on_change=changes.append)
        for _ in range(3):
            with pytest.raises(LogWriteError, match="No space left on device"):
                await log.append([{"id": 0}])
        assert isinstance(log.problem, OSError)
        disk.full = False
        await log.append([{"id": 1}])
        assert log.problem is None
        await log.close()

    asyncio.run(hand_over())

    assert disk.groups == [[{"id": 1}]]
    assert list(map(str, changes)) == ["[Errno 28] No space left on device", "None"]


def test_a_write_that_fails_in_any_other_way_is_the_log_s_failure_too() -> None:
    disk = Disk()
    disk.broken = AttributeError("no fdatasync here")
    changes: list[Exception | None] = []

    async def hand_over() -> None:
        log = GroupCommit(disk, on_change=changes.append)
        for _ in range(2):
            with pytest.raises(LogWriteError, match="no fdatasync here"):
                await log.append([{"id": 0}])
        assert log.problem is disk.broken
        disk.broken = None
        await log.append(())
        assert log.problem is None
        await log.close()

    asyncio.run(hand_over())

    assert list(map(str, changes)) == ["no fdatasync here", "None"]


def test_an_entry_that_cannot_be_made_says_nothing_about_the_log() -> None:
    def broken() -> Iterable[Mapping[str, Any]]:
        yield {"id": 0}
        raise OSError(5, "of the entry")

    changes: list[Exception | None] = []

    async def hand_over() -> None:
        log = GroupCommit(Disk(), on_change=changes.append)
        with pytest.raises(OSError, match="of the entry"):
            await log.append(broken())
        assert log.problem is None
        await log.close()

    asyncio.run(hand_over())

    assert changes == []


def test_an_entry_that_cannot_be_made_does_not_end_the_thread() -> None:
    def broken() -> Iterable[Mapping[str, Any]]:
        yield {"id": 0}
        raise ZeroDivisionError

    disk = Disk()

    async def hand_over() -> None:
        log = GroupCommit(disk)
        with pytest.raises(ZeroDivisionError):
            await log.append(broken())
        await log.append([{"id": 1}])
        await log.close()

    asyncio.run(hand_over())

    assert disk.groups == [[{"id": 1}]]


def test_who_no_longer_waits_disturbs_nobody() -> None:
    disk = Disk()

    async def hand_over() -> None:
        log = GroupCommit(disk)
        disk.go_on.clear()
        gone, stays = log.append([{"id": 0}]), log.append([{"id": 1}])
        gone.cancel()
        disk.go_on.set()
        await stays
        await log.close()

    asyncio.run(hand_over())

    assert [entry["id"] for group in disk.groups for entry in group] == [0, 1]


def test_closing_writes_what_was_handed_over() -> None:
    disk = Disk()

    async def hand_over() -> None:
        log = GroupCommit(disk)
        written = [log.append([{"id": number}]) for number in range(10)]
        await log.close()
        await asyncio.gather(*written)

    asyncio.run(hand_over())

    assert sum(map(len, disk.groups)) == 10
