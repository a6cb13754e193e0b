import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT

from audit_log import LogKind, LogWriter, verify
from audit_log.records import GENESIS_HASH

PAYMENTS = LogKind(entry="payment", prefix="payments", time_field="paid_at")
Begin = Callable[..., LogWriter]


def entries(*names: str) -> Iterator[dict[str, Any]]:
    return ({"id": name} for name in names)


def broken(count: int) -> Iterator[dict[str, Any]]:
    """Entries after which no more can be made."""
    yield from entries(*map(str, range(count)))
    raise OSError(28, "No space left on device")


def files(folder: Path) -> list[list[dict[str, Any]]]:
    """The lines of each file."""
    return [
        [json.loads(line) for line in path.read_text().splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    ]


def ids(folder: Path) -> list[list[str]]:
    return [[line["id"] for line in lines[1:]] for lines in files(folder)]


def problems(folder: Path) -> list[str]:
    return [finding.problem for finding in verify(folder, PAYMENTS) if finding.problem]


def test_a_file_begins_with_what_its_entries_have_in_common(tmp_path: Path, begin: Begin) -> None:
    begin(program="p").append(entries("a", "b"))
    ((header, first, second),) = files(tmp_path)

    assert header["program"] == "p"
    assert (header["format"], header["continues"], header["previous"]) == (1, None, GENESIS_HASH)
    assert [first["sequence"], second["sequence"]] == [1, 2]
    assert [first["previous"], second["previous"]] == [header["hash"], first["hash"]]


def test_only_its_owner_may_read_it(tmp_path: Path, begin: Begin) -> None:
    begin().append(entries("a"))
    (path,) = tmp_path.glob("*.jsonl")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_large_enough_is_followed_by_another(tmp_path: Path, begin: Begin) -> None:
    writer = begin(max_file_size=600)
    for name in "abcdef":
        writer.append(entries(name))

    assert ids(tmp_path) == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert [line["sequence"] for lines in files(tmp_path) for line in lines[1:]] == list(
        range(1, 7)
    )
    assert problems(tmp_path) == []


def test_a_new_day_begins_a_new_file(tmp_path: Path, begin: Begin, clock: Any) -> None:
    writer = begin()
    writer.append(entries("a"))
    clock.now += timedelta(hours=12)
    writer.append(entries("b"))

    assert ids(tmp_path) == [["a"], ["b"]]
    assert problems(tmp_path) == []


def test_a_clock_that_goes_back_breaks_nothing(tmp_path: Path, begin: Begin, clock: Any) -> None:
    writer = begin()
    writer.append(entries("a"))
    clock.now -= timedelta(hours=1)
    writer.append(entries("b"))

    assert ids(tmp_path) == [["a", "b"]]
    assert problems(tmp_path) == []


def test_a_restart_goes_on_in_a_file_of_its_own(tmp_path: Path, begin: Begin) -> None:
    first = begin()
    first.append(entries("a", "b"))
    first.close()
    begin().append(entries("c"))
    (_, *before), (header, after) = files(tmp_path)

    assert header["previous"] == before[-1]["hash"]
    assert after["sequence"] == 3
    assert problems(tmp_path) == []


def test_a_clock_that_goes_back_between_starts_does_not_fork_the_chain(
    tmp_path: Path, begin: Begin, clock: Any
) -> None:
    in_time: list[Path] = []
    for minutes, names in ((0, "ab"), (-60, "cd"), (30, "ef"), (-90, "gh")):
        clock.now += timedelta(minutes=minutes)
        writer = begin()
        writer.append(entries(*names))
        writer.close()
        in_time += set(tmp_path.iterdir()) - set(in_time)
    lines = [[json.loads(line) for line in path.read_text().splitlines()] for path in in_time]

    assert sorted(in_time) != in_time
    assert [header["continues"] for header, *_ in lines] == [
        None,
        *(path.name for path in in_time[:-1]),
    ]
    assert [each["sequence"] for _, *rest in lines for each in rest] == list(range(1, 9))
    assert problems(tmp_path) == []

    in_time[1].unlink()
    assert problems(tmp_path) == [f"found no file {in_time[1].name}, which this one goes on from"]


def test_after_a_file_without_entries_they_are_counted_on(tmp_path: Path, begin: Begin) -> None:
    for names in ("ab", "", "c"):
        writer = begin()
        writer.append(entries(*names))
        writer.close()

    assert files(tmp_path)[-1][-1]["sequence"] == 3
    assert problems(tmp_path) == []


def test_a_file_whose_end_is_broken_is_not_gone_on_from(tmp_path: Path, begin: Begin) -> None:
    for names in ("a", "b"):
        writer = begin()
        writer.append(entries(*names))
        writer.close()
    last = max(tmp_path.iterdir())
    last.write_text(last.read_text().replace('"id":"b"', '"id":"x"'))
    begin().append(entries("c"))

    assert problems(tmp_path) == [
        "line 2: found a line that does not fit its own hash, expected as written",
        "found another beginning of this worker's log, expected one",
    ]


def test_a_folder_that_is_gone_before_the_first_entry_is_made_again(
    tmp_path: Path, begin: Begin
) -> None:
    folder = tmp_path / "log"
    begin(folder=folder).append(entries("a"))

    assert ids(folder) == [["a"]]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_torn_line_stays_where_it_is(tmp_path: Path, begin: Begin) -> None:
    first = begin()
    first.append(entries("a", "b"))
    first.close()
    (torn,) = tmp_path.glob("*.jsonl")
    torn.write_bytes(torn.read_bytes()[:-20])
    before = torn.read_bytes()
    begin().append(entries("c"))

    assert torn.read_bytes() == before
    assert problems(tmp_path) == []
    assert [f.entries for f in verify(tmp_path, PAYMENTS)] == [1, 1]
    assert any("torn last line" in note for f in verify(tmp_path, PAYMENTS) for note in f.notes)


def test_each_worker_has_a_chain_of_its_own(tmp_path: Path, begin: Begin) -> None:
    one, two = begin(worker=1), begin(worker=2)
    one.append(entries("a"))
    two.append(entries("b"))

    assert ids(tmp_path) == [["a"], ["b"]]
    assert [lines[0]["continues"] for lines in files(tmp_path)] == [None, None]


def test_a_chain_that_is_being_written_is_left_alone_for_another_one(
    tmp_path: Path, begin: Begin
) -> None:
    before = begin()
    before.append(entries("a"))
    before.close()
    one, two = begin(), begin()  # both would go on from the same file
    one.append(entries("b"))
    two.append(entries("c"))
    two.close()
    begin().append(entries("d"))
    found: dict[str, list[str]] = {}
    for path, names in zip(sorted(tmp_path.iterdir()), ids(tmp_path), strict=True):
        found.setdefault(path.name.split("_")[2], []).extend(names)

    assert found == {"w1": ["a", "b"], "w1.1": ["c", "d"]}
    assert problems(tmp_path) == []


def test_a_failed_write_counts_as_nothing_and_the_next_goes_on_in_another_file(
    tmp_path: Path, begin: Begin
) -> None:
    writer = begin()
    writer.append(entries("a"))
    with pytest.raises(OSError, match="No space"):
        writer.append(broken(700))  # the first 500 are written before the failure
    writer.append(entries("b"))
    (_, last, *refused), (header, after) = files(tmp_path)

    assert len(refused) == 500
    assert (header["previous"], after["sequence"]) == (last["hash"], 2)
    assert problems(tmp_path) == []
    assert next(verify(tmp_path, PAYMENTS)).notes == [
        "the last 500 were refused: a write had failed"
    ]


def test_entries_that_are_written_together_stand_in_one_file(tmp_path: Path, begin: Begin) -> None:
    writer = begin(max_file_size=600)
    with pytest.raises(OSError, match="No space"):
        writer.append(broken(1100))
    writer.append(entries(*"ab" * 600))
    writer.append(entries("c"))

    assert list(map(len, ids(tmp_path))) == [1200, 1]
    assert problems(tmp_path) == []


def test_failures_in_a_row_leave_no_files_behind(tmp_path: Path, begin: Begin) -> None:
    writer = begin()
    for _ in range(5):
        with pytest.raises(OSError, match="No space"):
            writer.append(broken(1))

    assert list(tmp_path.iterdir()) == []


def remove(path: Path) -> None:
    path.unlink()


def remove_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def move(path: Path) -> None:
    path.rename(path.parent.parent / "archived")


def replace(path: Path) -> None:
    path.with_name("copy").write_bytes(path.read_bytes())
    path.with_name("copy").replace(path)


@pytest.mark.parametrize("take_away", [remove, remove_folder, move, replace])
def test_a_file_that_was_taken_away_is_noticed_and_the_next_attempt_begins_another(
    tmp_path: Path, begin: Begin, take_away: Callable[[Path], None]
) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    writer = begin(folder=folder)
    writer.append(entries("a"))
    (taken,) = folder.iterdir()
    take_away(taken)
    with pytest.raises(FileNotFoundError):
        writer.append(entries("refused"))
    writer.append(entries("b"))

    assert ids(folder)[-1] == ["b"]
    assert files(folder)[-1][0]["continues"] == taken.name


LIMITED = """
import resource, sys
from pathlib import Path
from audit_log import LogKind, LogWriter

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

kind = LogKind("payment", "payments", "paid_at")
writer = LogWriter(Path(sys.argv[1]), {}, kind=kind)
writer.append([{"id": "a"}])
limit(500)
for _ in range(3):
    try:
        writer.append([{"id": "x" * 300}])
    except OSError as error:
        print(error.strerror)
limit(-1)
writer.append([{"id": "b"}])
writer.close()
"""


def test_a_file_that_may_not_grow_is_left_torn_and_the_log_recovers(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.splitlines() == ["File too large"] * 3
    assert [finding.entries for finding in verify(tmp_path, PAYMENTS)] == [1, 1]
    assert problems(tmp_path) == []


def test_without_entries_it_finds_out_whether_it_can_write(tmp_path: Path, begin: Begin) -> None:
    writer = begin()
    writer.append(())
    assert ids(tmp_path) == [[]]

    writer.append(entries("a"))
    assert ids(tmp_path) == [["a"]]
