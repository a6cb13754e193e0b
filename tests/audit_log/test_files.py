import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_log.errors import NoLogError
from audit_log.files import LogFile, is_being_written, last_line, lineage, lineage_of, log_files

NOON = datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC)


def test_a_name_tells_host_worker_time_and_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "a_host.example")
    file = LogFile.create(tmp_path, lineage(2), NOON)
    file.close()

    assert file.path.name == (
        f"decisions_a-host.example_w2_20260301T120000000007Z_{os.getpid()}.jsonl"
    )
    assert lineage_of(file.path.name) == lineage(2) == "decisions_a-host.example_w2"


def test_only_its_own_files_belong_to_a_log(tmp_path: Path) -> None:
    file = LogFile.create(tmp_path, lineage(1), NOON)
    file.close()
    for other in ("x.jsonl", "decisions.parquet", "decisions_x.jsonl", ".probe-7"):
        (tmp_path / other).touch()

    (tmp_path / file.path.name.replace("w1", "w2")).mkdir()

    assert log_files(tmp_path) == [file.path]
    assert log_files(file.path) == [file.path]


@pytest.mark.parametrize(
    ("name", "found"),
    [("gone", "nothing"), ("notes.jsonl", "another file"), (".", "a folder without one")],
)
def test_where_no_log_is_it_says_so(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / "notes.jsonl").touch()

    with pytest.raises(NoLogError, match=f"found {found}, expected a decision log"):
        log_files(tmp_path / name)


def test_a_file_is_never_written_again(tmp_path: Path) -> None:
    LogFile.create(tmp_path, lineage(1), NOON).close()

    with pytest.raises(FileExistsError):
        LogFile.create(tmp_path, lineage(1), NOON)


def test_a_file_is_locked_while_it_is_written(tmp_path: Path) -> None:
    file = LogFile.create(tmp_path, lineage(1), NOON)
    assert is_being_written(file.path)

    file.close()
    assert not is_being_written(file.path)

    file.path.unlink()
    assert not is_being_written(file.path)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", None),
        (b"torn", None),
        (b"one\n", b"one"),
        (b"one\ntwo\ntorn", b"two"),
        (b"one\n" + b"x" * 200_000 + b"\n", b"x" * 200_000),
        (b"one\ntwo\n" + b"x" * 200_000, b"two"),
    ],
)
def test_the_last_line_is_the_last_whole_one(
    tmp_path: Path, content: bytes, line: bytes | None
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)

    assert last_line(path) == line
