import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit_log import BrokenLogError, LogKind, LogWriter, NoLogError, remove_old, verify

PAYMENTS = LogKind(entry="payment", prefix="payments", time_field="paid_at")
NOW = datetime.now(UTC)
YEAR = timedelta(days=365)


def write(folder: Path, *ages: int, worker: int = 1) -> LogWriter:
    """Write one payment of each age in days, each on a day and so in a file of its own."""
    now = [NOW]
    writer = LogWriter(folder, {}, kind=PAYMENTS, worker=worker, now=lambda: now[0])
    for age in ages:
        now[0] = NOW - timedelta(days=age)
        writer.append([{"paid_at": now[0].isoformat()}])
    return writer


def remove(path: Path, older_than: timedelta = YEAR) -> list[Path]:
    return list(remove_old(path, PAYMENTS, older_than))


def test_what_is_older_goes_and_what_stays_is_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, 800, 400, 300, 1).close()
    old = sorted(tmp_path.iterdir())[:2]

    assert remove(tmp_path) == old
    assert [finding.problem for finding in verify(tmp_path, PAYMENTS)] == [None, None]


def test_the_last_entry_of_a_file_counts_and_not_the_first(tmp_path: Path) -> None:
    writer = write(tmp_path, 730)
    writer.append([{"paid_at": NOW.isoformat()}])
    writer.close()

    assert remove(tmp_path) == []


def test_a_file_that_is_being_written_stays(tmp_path: Path) -> None:
    writer = write(tmp_path, 800, 700)
    first, second = sorted(tmp_path.iterdir())

    assert remove(tmp_path) == [first]
    writer.close()
    assert remove(tmp_path) == [second]


def test_each_lineage_is_looked_at_by_itself(tmp_path: Path) -> None:
    write(tmp_path, 10, worker=1).close()
    write(tmp_path, 800, worker=2).close()

    assert [path.name.split("_")[2] for path in remove(tmp_path)] == ["w2"]


def test_a_chain_goes_from_its_beginning_on_whatever_the_clock_said(tmp_path: Path) -> None:
    for age in (500, 800, 700):  # the clock went back before the second was begun
        write(tmp_path, age).close()
    second, third, first = sorted(tmp_path.iterdir())

    assert remove(tmp_path, timedelta(days=600)) == []
    assert remove(tmp_path, timedelta(days=400)) == [first, second, third]


@pytest.mark.parametrize(
    "content", ["", "notes", '{"begun":"2020-01-01T00:00:00+00:00"}\n', "[1]\n"]
)
def test_what_is_no_log_is_never_removed(tmp_path: Path, content: str) -> None:
    write(tmp_path, 800, worker=2).close()
    (log,) = tmp_path.iterdir()
    other, named_so = tmp_path / "notes.jsonl", tmp_path / log.name.replace("w2", "w1")
    for path in (other, named_so):
        path.write_text(content)
        os.utime(path, (0, 0))
    with suppress(BrokenLogError):
        remove(tmp_path)

    assert not log.exists()
    assert other.exists()
    assert named_so.exists()
    with pytest.raises(
        NoLogError, match=r"notes\.jsonl: found another file, expected a payment log"
    ):
        remove(other)


@pytest.mark.parametrize("end", ["garbage\n", '{"a":1}\n', "[1]\n"])
def test_a_file_with_a_broken_end_is_told_once_all_others_are_removed(
    tmp_path: Path, end: str
) -> None:
    write(tmp_path, 800, 700, worker=1).close()
    write(tmp_path, 800, worker=2).close()
    first, second, other = sorted(tmp_path.iterdir(), key=lambda path: path.name.split("_")[2:])
    first.write_text(first.read_text() + end)

    with pytest.raises(BrokenLogError, match=f"^{first.name}: found a last line that is not as it"):
        remove(tmp_path)
    assert sorted(tmp_path.iterdir()) == [first, second]
    assert not other.exists()
