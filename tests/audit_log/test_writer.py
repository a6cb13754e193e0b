import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT

from audit_log.records import GENESIS_HASH
from audit_log.verify import verify
from audit_log.writer import Writer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADER = {"model": "credit_risk_model:abc"}


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def begin(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Writer]]:
    """Begin to write to the same folder, as another process would."""
    writers = []

    def begin(worker: int = 1, max_file_size: int = 10**6) -> Writer:
        writer = Writer(tmp_path, HEADER, worker=worker, max_file_size=max_file_size, now=clock)
        writers.append(writer)
        return writer

    yield begin
    for writer in writers:
        writer.close()


def entries(*names: str) -> Iterator[dict[str, Any]]:
    return ({"id": name} for name in names)


def files(folder: Path) -> list[list[dict[str, Any]]]:
    """The lines of each file."""
    return [
        [json.loads(line) for line in path.read_text().splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    ]


def ids(folder: Path) -> list[list[str]]:
    return [[line["id"] for line in lines[1:]] for lines in files(folder)]


def problems(folder: Path) -> list[str]:
    return [finding.problem for finding in verify(folder) if finding.problem]


def test_a_file_begins_with_what_its_entries_have_in_common(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    begin().write(entries("a", "b"))
    ((header, first, second),) = files(tmp_path)

    assert header["model"] == HEADER["model"]
    assert (header["format"], header["continues"], header["previous"]) == (1, None, GENESIS_HASH)
    assert [first["sequence"], second["sequence"]] == [1, 2]
    assert [first["previous"], second["previous"]] == [header["hash"], first["hash"]]


def test_only_its_owner_may_read_it(tmp_path: Path, begin: Callable[..., Writer]) -> None:
    begin().write(entries("a"))
    (path,) = tmp_path.glob("*.jsonl")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_large_enough_is_followed_by_another(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    writer = begin(max_file_size=600)
    for name in "abcdef":
        writer.write(entries(name))

    assert ids(tmp_path) == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert [line["sequence"] for lines in files(tmp_path) for line in lines[1:]] == list(
        range(1, 7)
    )
    assert problems(tmp_path) == []


def test_a_new_day_begins_a_new_file(
    tmp_path: Path, begin: Callable[..., Writer], clock: Clock
) -> None:
    writer = begin()
    writer.write(entries("a"))
    clock.now += timedelta(hours=12)
    writer.write(entries("b"))

    assert ids(tmp_path) == [["a"], ["b"]]
    assert problems(tmp_path) == []


def test_a_clock_that_goes_back_breaks_nothing(
    tmp_path: Path, begin: Callable[..., Writer], clock: Clock
) -> None:
    writer = begin()
    writer.write(entries("a"))
    clock.now -= timedelta(hours=1)
    writer.write(entries("b"))

    assert ids(tmp_path) == [["a", "b"]]
    assert problems(tmp_path) == []


def test_a_restart_goes_on_in_a_file_of_its_own(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    first = begin()
    first.write(entries("a", "b"))
    first.close()
    begin().write(entries("c"))
    (_, *before), (header, after) = files(tmp_path)

    assert header["previous"] == before[-1]["hash"]
    assert after["sequence"] == 3
    assert problems(tmp_path) == []


def test_a_clock_that_goes_back_between_starts_does_not_fork_the_chain(
    tmp_path: Path, begin: Callable[..., Writer], clock: Clock
) -> None:
    in_time: list[Path] = []
    for minutes, names in ((0, "ab"), (-60, "cd"), (30, "ef"), (-90, "gh")):
        clock.now += timedelta(minutes=minutes)
        writer = begin()
        writer.write(entries(*names))
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


def test_after_a_file_without_decisions_they_are_counted_on(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    for names in ("ab", "", "c"):
        writer = begin()
        writer.write(entries(*names))
        writer.close()

    assert files(tmp_path)[-1][-1]["sequence"] == 3
    assert problems(tmp_path) == []


def test_a_file_whose_end_is_broken_is_not_gone_on_from(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    for names in ("a", "b"):
        writer = begin()
        writer.write(entries(*names))
        writer.close()
    last = max(tmp_path.iterdir())
    last.write_text(last.read_text().replace('"id":"b"', '"id":"x"'))
    begin().write(entries("c"))

    assert problems(tmp_path) == [
        "line 2: found a line that does not fit its own hash, expected as written",
        "found another beginning of this worker's log, expected one",
    ]


def test_a_folder_that_is_gone_before_the_first_entry_is_made_again(
    tmp_path: Path, clock: Clock
) -> None:
    folder = tmp_path / "log"
    writer = Writer(folder, HEADER, worker=1, max_file_size=10**6, now=clock)
    writer.write(entries("a"))
    writer.close()

    assert ids(folder) == [["a"]]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_torn_line_stays_where_it_is(tmp_path: Path, begin: Callable[..., Writer]) -> None:
    first = begin()
    first.write(entries("a", "b"))
    first.close()
    (torn,) = tmp_path.glob("*.jsonl")
    torn.write_bytes(torn.read_bytes()[:-20])
    before = torn.read_bytes()
    begin().write(entries("c"))

    assert torn.read_bytes() == before
    assert problems(tmp_path) == []
    assert [f.entries for f in verify(tmp_path)] == [1, 1]
    assert any("torn last line" in note for f in verify(tmp_path) for note in f.notes)


def test_each_worker_has_a_lineage_of_its_own(tmp_path: Path, begin: Callable[..., Writer]) -> None:
    one, two = begin(worker=1), begin(worker=2)
    one.write(entries("a"))
    two.write(entries("b"))

    assert ids(tmp_path) == [["a"], ["b"]]
    assert [lines[0]["continues"] for lines in files(tmp_path)] == [None, None]


def test_who_finds_its_lineage_being_written_has_another_and_goes_on_with_it(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    before = begin()
    before.write(entries("a"))
    before.close()
    one, two = begin(), begin()  # both would go on from the same file
    one.write(entries("b"))
    two.write(entries("c"))
    two.close()
    begin().write(entries("d"))
    found: dict[str, list[str]] = {}
    for path, names in zip(sorted(tmp_path.iterdir()), ids(tmp_path), strict=True):
        found.setdefault(path.name.split("_")[2], []).extend(names)

    assert found == {"w1": ["a", "b"], "w1.1": ["c", "d"]}
    assert problems(tmp_path) == []


def test_a_failed_write_counts_as_nothing_and_the_next_goes_on_in_another_file(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        for number in range(700):  # the first 500 are written before the failure
            yield {"id": str(number)}
        raise OSError(28, "No space left on device")

    writer = begin()
    writer.write(entries("a"))
    with pytest.raises(OSError, match="No space"):
        writer.write(broken())
    writer.write(entries("b"))
    (_, last, *refused), (header, after) = files(tmp_path)

    assert len(refused) == 500
    assert (header["previous"], after["sequence"]) == (last["hash"], 2)
    assert problems(tmp_path) == []
    assert next(verify(tmp_path)).notes == ["the last 500 were refused: a write had failed"]


def test_failures_in_a_row_leave_no_files_behind(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield {"id": "x"}
        raise OSError(28, "No space left on device")

    writer = begin()
    for _ in range(5):
        with pytest.raises(OSError, match="No space"):
            writer.write(broken())

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
    tmp_path: Path, clock: Clock, take_away: Callable[[Path], None]
) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    writer = Writer(folder, HEADER, worker=1, max_file_size=10**6, now=clock)
    writer.write(entries("a"))
    (taken,) = folder.iterdir()
    take_away(taken)
    with pytest.raises(FileNotFoundError):
        writer.write(entries("refused"))
    writer.write(entries("b"))
    writer.close()

    assert ids(folder)[-1] == ["b"]
    assert files(folder)[-1][0]["continues"] == taken.name


LIMITED = """
import resource, sys
from pathlib import Path
from audit_log.writer import Writer

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

writer = Writer(Path(sys.argv[1]), {}, worker=1, max_file_size=10**6)
writer.write([{"id": "a"}])
limit(500)
for _ in range(3):
    try:
        writer.write([{"id": "x" * 300}])
    except OSError as error:
        print(error.strerror)
limit(-1)
writer.write([{"id": "b"}])
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
    assert [finding.entries for finding in verify(tmp_path)] == [1, 1]
    assert problems(tmp_path) == []


def test_without_entries_it_finds_out_whether_it_can_write(
    tmp_path: Path, begin: Callable[..., Writer]
) -> None:
    writer = begin()
    writer.write(())
    assert ids(tmp_path) == [[]]

    writer.write(entries("a"))
    assert ids(tmp_path) == [["a"]]
