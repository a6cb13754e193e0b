"""Reading on: each entry once, nothing stale, and what ``verify`` finds is found."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from audit_log import BrokenLogError, LogKind, LogWriter, Position, read_on, verify
from audit_log.reader import read_lines

Begin = Callable[..., LogWriter]


def read(
    path: Path, kind: LogKind, positions: Mapping[str, Position] = {}
) -> tuple[list[int], dict[str, Position]]:
    """Amounts that are read, and how far."""
    amounts, found = [], {}
    for file in read_on(path, kind, positions):
        amounts += [each["amount"] for part in file.entries() for each in part]
        found[file.path.name] = file.position
    return amounts, found


def pay(writer: LogWriter, *amounts: int) -> None:
    writer.append([{"paid_at": "2026-03-01T12:00:00+00:00", "amount": each} for each in amounts])


def test_each_entry_is_read_once(tmp_path: Path, kind: LogKind, begin: Begin) -> None:
    writer = begin()
    pay(writer, 1, 2)
    first, positions = read(tmp_path, kind)
    pay(writer, 3)
    second, positions = read(tmp_path, kind, positions)
    writer.close()
    pay(begin(), 4)
    third, positions = read(tmp_path, kind, positions)

    assert (first, second, third) == ([1, 2], [3], [4])
    assert read(tmp_path, kind, positions)[0] == []
    assert read(tmp_path, kind)[0] == [1, 2, 3, 4]


def test_a_file_of_many_entries_is_read_as_a_whole(
    tmp_path: Path, kind: LogKind, begin: Begin
) -> None:
    pay(begin(), *range(2500))

    amounts, positions = read(tmp_path, kind)

    (position,) = positions.values()
    (path,) = tmp_path.iterdir()
    assert amounts == list(range(2500))
    assert (position.size, position.lines) == (path.stat().st_size, 2501)


def test_a_file_that_was_not_touched_is_not_opened_for_its_entries(
    tmp_path: Path, kind: LogKind, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(begin(), 1)
    _, positions = read(tmp_path, kind)
    read_from: list[tuple[int, int, str]] = []

    def spied(*arguments: object) -> object:
        read_from.append(arguments[3])  # type: ignore[arg-type]
        return read_lines(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("audit_log.positions.read_lines", spied)

    assert read(tmp_path, kind, positions)[0] == []
    assert read_from == []


def test_a_torn_line_is_read_once_it_is_whole(tmp_path: Path, kind: LogKind, begin: Begin) -> None:
    pay(begin(), 1, 2)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    first, positions = read(tmp_path, kind)
    path.write_bytes(whole)

    assert first == [1]
    assert read(tmp_path, kind, positions)[0] == [2]


def test_a_copy_of_the_log_is_read_on(tmp_path: Path, kind: LogKind, begin: Begin) -> None:
    pay(begin(), 1)
    _, positions = read(tmp_path, kind)

    copy = shutil.copytree(tmp_path, tmp_path / "copy")

    assert read(copy, kind, positions)[0] == []


def test_another_file_of_the_same_name_is_read_from_its_beginning(
    tmp_path: Path, kind: LogKind, begin: Begin
) -> None:
    pay(begin(), 1)
    (path,) = tmp_path.iterdir()
    other = tmp_path / "other"
    pay(begin(folder=other), 5, 6)
    (found,) = other.iterdir()
    _, positions = read(tmp_path, kind)

    found.rename(other / path.name)

    (position,) = positions.values()
    with pytest.raises(BrokenLogError, match="the header of"):
        read(other, kind, {path.name: position})


def test_a_changed_byte_of_what_was_read_is_found(
    tmp_path: Path, kind: LogKind, begin: Begin
) -> None:
    pay(begin(), 1, 2)
    _, positions = read(tmp_path, kind)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes().replace(b'"amount":1', b'"amount":9'))

    with pytest.raises(BrokenLogError, match=rf"{path.name}: line 2: found a line that does not"):
        read(tmp_path, kind, positions)


def test_a_line_is_named_by_its_number_in_the_file(
    tmp_path: Path, kind: LogKind, begin: Begin
) -> None:
    writer = begin()
    pay(writer, 1, 2)
    _, positions = read(tmp_path, kind)
    pay(writer, 3, 4)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes().replace(b'"amount":4', b'"amount":9'))

    with pytest.raises(BrokenLogError, match="line 5: found a line that does not fit"):
        read(tmp_path, kind, positions)


def test_entries_that_were_refused_later_do_not_count(
    tmp_path: Path, kind: LogKind, begin: Begin
) -> None:
    """Behind the line where the next file goes on, although they were read before that file was."""
    writer = begin()
    pay(writer, 1)
    (path,) = tmp_path.iterdir()
    durable = path.read_bytes()
    pay(writer, 2)
    whole = path.read_bytes()
    writer.close()
    path.write_bytes(durable)
    pay(begin(), 3)
    path.write_bytes(whole)

    _, positions = read(path, kind)

    assert read(tmp_path, kind)[0] == [1, 3]
    assert read(tmp_path, kind, positions)[0] == [1, 3]


def test_a_missing_file_a_missing_end_and_a_fork_are_found(
    tmp_path: Path, kind: LogKind, begin: Begin
) -> None:
    for amount in (1, 2, 3):
        writer = begin()
        pay(writer, amount)
        writer.close()
    _, positions = read(tmp_path, kind)
    first, second, third = sorted(tmp_path.iterdir())
    for name, change in {
        "gone": lambda of: (of / second.name).unlink(),
        "cut": lambda of: (of / first.name).write_bytes(first.read_bytes().split(b"\n")[0] + b"\n"),
        "fork": lambda of: shutil.copy(
            third, of / third.name.replace(third.name.split("_")[3], "20270101T000000000000Z")
        ),
    }.items():
        folder = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-{name}"))
        change(folder)

        assert any(each.problem for each in verify(folder, kind))
        with pytest.raises(BrokenLogError):
            read(folder, kind, positions)
