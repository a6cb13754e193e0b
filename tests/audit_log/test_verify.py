import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_log import Finding, LogKind, LogWriter
from audit_log import verify as verify_log
from audit_log.records import append

PAYMENTS = LogKind(entry="payment", prefix="payments", time_field="paid_at")


@pytest.fixture
def log(tmp_path: Path, begin: Callable[..., LogWriter]) -> list[Path]:
    """Three files of two entries each."""
    writer = begin(max_file_size=600)
    for number in range(6):
        writer.append([{"id": number}])
    writer.close()
    return sorted(tmp_path.iterdir())


def verify(path: Path) -> list[Finding]:
    return list(verify_log(path, PAYMENTS))


def said(path: Path) -> list[str | None]:
    return [finding.problem for finding in verify(path)]


def test_a_log_as_it_was_written_is_fine(log: list[Path]) -> None:
    findings = verify(log[0].parent)

    assert [f.path for f in findings] == log
    assert [(f.entries, f.problem, f.notes) for f in findings] == [(2, None, [])] * 3


def test_a_file_can_be_checked_alone(log: list[Path]) -> None:
    for file in log:
        assert said(file) == [None]


def test_the_first_line_that_was_changed_is_named(log: list[Path]) -> None:
    log[1].write_text(log[1].read_text().replace('"id":3', '"id":9'))
    _, changed, _ = verify(log[0].parent)

    assert changed.entries == 1
    assert changed.problem == (
        "line 3: found a line that does not fit its own hash, expected as written"
    )


def test_lines_gone_from_the_end_of_a_file_are_found_by_the_next(log: list[Path]) -> None:
    log[1].write_text("".join(log[1].read_text().splitlines(keepends=True)[:-1]))

    assert said(log[0].parent) == [
        None,
        "found no line that the next file goes on from, expected one",
        None,
    ]


def test_a_file_gone_from_the_middle_is_found(log: list[Path]) -> None:
    log[1].unlink()

    assert said(log[0].parent) == [
        None,
        f"found no file {log[1].name}, which this one goes on from",
    ]


def test_a_file_gone_from_the_beginning_is_noted(log: list[Path]) -> None:
    log[0].unlink()
    first, _ = verify(log[0].parent)

    assert (first.problem, first.notes) == (
        None,
        [f"{log[0].name}, which came before, is not here"],
    )


def test_a_torn_last_line_is_noted(log: list[Path]) -> None:
    log[2].write_bytes(log[2].read_bytes()[:-5])
    *_, torn = verify(log[0].parent)

    assert (torn.entries, torn.problem) == (1, None)
    assert torn.notes[0].startswith("a torn last line of ")


def test_what_is_gone_from_the_end_of_the_last_file_cannot_be_seen(log: list[Path]) -> None:
    log[2].write_text("".join(log[2].read_text().splitlines(keepends=True)[:-1]))

    assert said(log[0].parent) == [None, None, None]


def test_two_files_that_go_on_from_the_same_are_found(log: list[Path]) -> None:
    header, *_ = log[1].read_text().splitlines()
    fork = log[2].with_name(log[2].name.replace("T12", "T13"))
    fields = json.loads(header) | {"file": fork.name}
    previous = fields.pop("previous")
    del fields["hash"]
    fork.write_bytes(append(json.dumps(fields).encode(), previous)[0])

    twice = f"found 2 files that go on from {log[0].name}, expected one"
    assert said(fork.parent) == [None, twice, None, twice]


@pytest.mark.parametrize(("old", "new"), [("T12", "T13"), ("payments_", "payments_x")])
def test_a_copy_under_another_name_is_found(log: list[Path], old: str, new: str) -> None:
    copy = log[1].with_name(log[1].name.replace(old, new))
    shutil.copy(log[1], copy)

    assert said(copy.parent) == [
        None,
        None,
        None,
        f"line 1: found the header of {log[1].name}, expected that of this file",
    ]


def test_another_name_is_found(log: list[Path]) -> None:
    log[1].rename(log[1].with_name(log[1].name.replace("T12", "T13")))

    assert said(log[0].parent) == [
        None,
        f"found no file {log[1].name}, which this one goes on from",
        f"line 1: found the header of {log[1].name}, expected that of this file",
    ]


def test_where_the_first_line_is_gone_the_others_are_still_checked(log: list[Path]) -> None:
    log[0].write_text("".join(log[0].read_text().splitlines(keepends=True)[1:]))
    log[2].write_text(log[2].read_text().replace('"id":5', '"id":9'))

    assert said(log[0].parent) == [
        "line 1: found another line, expected the header of the file",
        None,
        "line 3: found a line that does not fit its own hash, expected as written",
    ]


def test_a_file_that_cannot_be_read_is_a_problem_and_the_others_are_checked(
    log: list[Path],
) -> None:
    log[1].unlink()
    log[1].symlink_to("/proc/self/mem")  # nothing is at its beginning

    assert said(log[0].parent) == [None, "cannot be read: Input/output error", None]


def test_an_empty_file_is_noted(log: list[Path]) -> None:
    log[2].write_bytes(b"")
    *_, empty = verify(log[0].parent)

    assert (empty.problem, empty.notes) == (None, ["is empty: begun, and nothing written"])
