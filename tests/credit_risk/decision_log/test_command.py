"""``python -m credit_risk.decision_log``: a sentence and an exit code, whatever it is given."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore

from audit_log import LogKind, LogWriter
from credit_risk.decision_log.__main__ import main
from credit_risk.decision_log.settings import DECISIONS

HEADER = {"model": "m:1", "model_sha256": "0", "versions": {}, "left_out": [], "hashed": []}
COMMANDS = [
    ["verify"],
    ["replay"],
    ["export", "--to", "x.parquet"],
    ["remove", "--older-than", "1d"],
]


@pytest.fixture(autouse=True)
def _empty_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of models; not that of whoever runs the tests."""
    with BentoMLContainer.model_store.patch(ModelStore(tmp_path_factory.mktemp("models"))):
        yield


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file of one decision."""
    writer = LogWriter(tmp_path, HEADER, kind=DECISIONS)
    writer.append([{"id": "a", "decided_at": "2026-03-01T12:00:00+00:00"}])
    writer.close()
    (path,) = tmp_path.iterdir()
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Exit code, and what was said about what went wrong."""
    try:
        code = main(list(map(str, arguments)))
    except SystemExit as ended:  # of argparse
        code = int(ended.code or 0)
    return code, capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("name", ["", "empty", "gone", "notes.txt", "x" * 5000, "notes.txt/log"])
def test_where_there_is_no_log_it_cannot_be_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], name: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("notes")
    code, sentence = said(capsys, command[0], tmp_path / name, *command[1:])

    assert code == 2
    assert sentence.count("\n") == 1
    assert "expected a decision log" in sentence or "File name too long" in sentence
    assert len(sentence) < 250
    assert (tmp_path / "notes.txt").read_text() == "notes"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_log_of_another_kind_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    writer = LogWriter(tmp_path, {}, kind=LogKind("payment", "payments", "paid_at"))
    writer.append([{"id": "a", "paid_at": "2026-03-01T12:00:00+00:00"}])
    writer.close()
    (path,) = tmp_path.iterdir()
    before = path.read_bytes()

    code, sentence = said(capsys, command[0], path, *command[1:])

    assert code == 2
    assert sentence.count("\n") == 1
    assert "found another file, expected a decision log" in sentence
    assert path.read_bytes() == before


def test_what_could_not_be_replayed_has_an_exit_code_of_its_own(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(log)]) == 3
    assert capsys.readouterr().out == (
        "1 not replayed: m:1 is not in the store; put it there: bentoml models import\n"
        "0 decisions the same, 0 different\n"
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("line", [b"", b"[1]\n", b'{"a":1}\n', b"\xff\n", b"{\n", b"7\n"])
def test_a_first_line_of_another_kind_is_a_broken_log(
    log: Path, capsys: pytest.CaptureFixture[str], command: list[str], line: bytes
) -> None:
    log.write_bytes(line + b"".join(log.read_bytes().splitlines(keepends=True)[1:]))
    code, _ = said(capsys, command[0], log, *command[1:])

    assert code == 1
    assert log.exists()


@pytest.mark.parametrize(
    "days", ["999999d", "36501", "9" * 11 + "d", "5" * 5000, "-1", "d", "", "1e3", "\u00b2"]
)
def test_an_age_that_makes_no_sense_is_refused(
    log: Path, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    code, sentence = said(capsys, "remove", log, f"--older-than={days}")

    assert code == 2
    assert "expected a number of days such as 400d, at most 36500" in sentence
    assert days[:101] not in sentence or len(days) <= 100


def test_a_century_is_the_longest(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "remove", log, "--older-than", "36500d") == (0, "")
    assert log.exists()


def test_a_table_that_cannot_be_written_is_told(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for table, sentence in (
        (log.parent / "gone" / "x.csv", "No such file or directory"),
        (log.parent / ("x" * 5000), "expected a name that ends in .parquet or .csv"),
    ):
        code, told = said(capsys, "export", log, "--to", table)

        assert code == 2
        assert sentence in told
        assert len(told) < 250


def test_a_copy_is_counted_nowhere(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(log, log.with_name(log.name.replace("_w1_", "_w2_")))

    assert said(capsys, "verify", log.parent)[0] == 1
    assert said(capsys, "replay", log.parent)[0] == 1
    assert said(capsys, "export", log.parent, "--to", log.parent / "x.csv")[0] == 1
    assert not (log.parent / "x.csv").exists()
