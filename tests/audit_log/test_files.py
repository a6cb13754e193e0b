import errno
import fcntl
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit_log import LogKind, NoLogError, prepare_folder
from audit_log.files import LogFile, chain_of, is_being_written

NOON = datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC)
PAYMENTS = LogKind(entry="payment", prefix="payments", time_field="paid_at")
CHAIN = PAYMENTS.worker_chain(1)


def test_a_name_tells_host_worker_time_and_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "a_host.example")
    file = LogFile.create(tmp_path, PAYMENTS.worker_chain(2), NOON)
    file.close()

    assert file.path.name == (
        f"payments_a-host.example_w2_20260301T120000000007Z_{os.getpid()}.jsonl"
    )
    assert chain_of(file.path.name) == PAYMENTS.worker_chain(2) == "payments_a-host.example_w2"
    assert PAYMENTS.worker_chain(2, 1) == "payments_a-host.example_w2.1"


def test_only_its_own_files_belong_to_a_log(tmp_path: Path) -> None:
    file = LogFile.create(tmp_path, CHAIN, NOON)
    file.close()
    name = file.path.name
    for other in ("x.jsonl", "payments.parquet", "payments_x.jsonl", ".probe-7", f"re{name}"):
        (tmp_path / other).touch()

    (tmp_path / name.replace("w1", "w2")).mkdir()

    assert PAYMENTS.files_at(tmp_path) == [file.path]
    assert PAYMENTS.files_at(file.path) == [file.path]


@pytest.mark.parametrize(
    ("name", "found"),
    [("gone", "nothing"), ("notes.jsonl", "another file"), (".", "a folder without one")],
)
def test_where_no_log_is_it_says_so(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / "notes.jsonl").touch()

    with pytest.raises(NoLogError, match=f"found {found}, expected a payment log: a folder or a"):
        PAYMENTS.files_at(tmp_path / name)


def test_a_folder_is_made_and_tried(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    prepare_folder(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        prepare_folder(tmp_path / "file" / "log")


def test_a_file_is_never_written_again(tmp_path: Path) -> None:
    LogFile.create(tmp_path, CHAIN, NOON).close()

    with pytest.raises(FileExistsError):
        LogFile.create(tmp_path, CHAIN, NOON)


def test_a_file_is_locked_while_it_is_written(tmp_path: Path) -> None:
    file = LogFile.create(tmp_path, CHAIN, NOON)
    assert is_being_written(file.path)

    file.close()
    assert not is_being_written(file.path)

    file.path.unlink()
    assert not is_being_written(file.path)


FULL_SYNC = 51


class MacOS:
    """Has no ``fdatasync``; its file system answers ``F_FULLFSYNC`` as a test wants it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusal: int = 0) -> None:
        self.synced: list[str] = []
        self.refusal = refusal
        monkeypatch.delattr(os, "fdatasync")
        monkeypatch.setattr(fcntl, "F_FULLFSYNC", FULL_SYNC, raising=False)
        monkeypatch.setattr(fcntl, "fcntl", self.fcntl)
        monkeypatch.setattr(os, "fsync", lambda _: self.synced.append("fsync"))

    def fcntl(self, _: int, command: int) -> None:
        assert command == FULL_SYNC
        if self.refusal:
            raise OSError(self.refusal, os.strerror(self.refusal))
        self.synced.append("F_FULLFSYNC")


def written(folder: Path) -> LogFile:
    file = LogFile.create(folder, CHAIN, NOON)
    file.append(b"{}\n")
    return file


def test_macos_syncs_the_cache_of_the_drive_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path)
    system = MacOS(monkeypatch)
    file.sync()
    file.close()

    assert system.synced == ["F_FULLFSYNC"]


@pytest.mark.parametrize("refusal", [errno.ENOTSUP, errno.ENOTTY, errno.EINVAL])
def test_a_file_system_that_cannot_do_so_is_synced_as_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    file = written(tmp_path)
    system = MacOS(monkeypatch, refusal)
    file.sync()
    file.close()

    assert system.synced == ["fsync"]


def test_a_sync_that_fails_is_not_tried_in_another_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path)
    system = MacOS(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        file.sync()
    file.close()

    assert system.synced == []


def test_a_system_with_neither_syncs_with_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    file = written(tmp_path)
    monkeypatch.delattr(os, "fdatasync")
    monkeypatch.delattr(fcntl, "F_FULLFSYNC", raising=False)
    monkeypatch.setattr(os, "fsync", synced.append)
    file.sync()
    file.close()

    assert len(synced) == 1
