"""``python -m credit_risk.score`` on the project's sample, with a trained model."""

import json
import os
import resource
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from pyarrow import csv, parquet
from running import PROJECT, Locked, Server, environment, run, wait_until

SAMPLE = PROJECT / "data" / "sample.csv"
COMMAND = ("python", "-m", "credit_risk.score")
PARTS = 6


def lines(count: int) -> str:
    return "".join(SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)[: count + 1])


def score(home: Path, *arguments: object, code: int = 0) -> tuple[str, str]:
    """What the command says on standard output and on standard error."""
    done = run(*COMMAND, *map(str, arguments), home=home, check=False)

    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_a_file_is_scored_and_summed_up(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.parquet"

    said, progress = score(home, SAMPLE, "--to", table, "--keep", "Age")

    found = parquet.read_table(table)
    names = ["Age", "status", "default_probability", "reasons", "error", "model", "line"]
    assert found.column_names == names
    assert said.startswith(f"{found.num_rows:,} rows in {table}\n")
    counts = {status: found["status"].to_pylist().count(status) for status in ("APPROVED", "MAYBE")}
    for status, count in counts.items():
        assert f" {count:,}  {status}\n" in said
    assert progress == ""
    assert stat.S_IMODE(table.stat().st_mode) == 0o600


def test_a_bad_row_is_said_and_the_others_are_scored(home: Path, tmp_path: Path) -> None:
    text = lines(2)
    (tmp_path / "in.csv").write_text(text + text.splitlines()[1] + ",1\n", encoding="utf-8")

    said, _ = score(home, tmp_path / "in.csv", "--to", tmp_path / "out.csv", code=1)

    assert "           1  refused for row\n" in said
    found = csv.read_csv(tmp_path / "out.csv").to_pylist()
    assert [each["error"] for each in found] == ["", "", "row: found 15 cells; expected 14"]
    assert [bool(each["status"]) for each in found] == [True, True, False]


IMPOSSIBLE: list[tuple[list[str], str]] = [
    (["absent.csv", "--to", "out.csv"], "absent.csv: No such file or directory; expected a"),
    (["in.csv", "--to", "out.txt"], "out.txt: expected a name that ends in"),
    (["in.csv", "--to", "there.csv"], "there.csv: found a file of that name; add --force"),
    (["in.csv", "--to", "out.csv", "--keep", "x"], "--keep: found 'x', expected all, none"),
    (["in.csv", "--to", "out.csv", "--model", "m:1"], "m:1: found no such model in the store"),
    (["in.csv", "--to", "out.csv", "--policy", "absent.toml"], "absent.toml"),
    (["in.csv", "--to", "out.csv", "--url", "http://x", "--model", "m:1"], "--url: found --mo"),
    (
        ["in.csv", "--to", "out.csv", "--url", "http://localhost:1"],
        "http://localhost:1: found no",
    ),
    (["in.csv", "--to", "out.csv", "--dask", "tcp://localhost:1"], "expected one such as tcp"),
    (["in.csv", "--to", "out.csv", "--workers", "0"], "found '0', expected a number from 1"),
    (["verify", "there.csv"], "there.csv.manifest.json: No such file or directory; expected"),
    (["verify", "broken.csv"], "broken.csv.manifest.json: found the file: Invalid JSON"),
    (["odd.csv", "--to", "out.csv"], "odd.csv: found no column for seniority, home, time"),
]
ONE_AFTER_THE_OTHER = """
import contextlib, io, json, sys
from credit_risk.score.command import main
for arguments in json.loads(sys.argv[1]):
    said, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(error):
        try:
            code = main(arguments)
        except SystemExit as ended:  # argparse's
            code = ended.code
    print(json.dumps([code, said.getvalue(), error.getvalue()]))
"""


@pytest.fixture(scope="module")
def impossible(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A folder, and what each of the commands there said; in one process, as it starts slowly."""
    folder = tmp_path_factory.mktemp("impossible")
    (folder / "in.csv").write_text(lines(1), encoding="utf-8")
    (folder / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "there.csv").write_text("mine", encoding="utf-8")
    (folder / "broken.csv.manifest.json").write_text('{"format"', encoding="utf-8")
    commands = [
        [str(folder / each) if Path(each).suffix else each for each in arguments]
        for arguments, _ in IMPOSSIBLE
    ]
    found = run("python", "-c", ONE_AFTER_THE_OTHER, json.dumps(commands), home=home).stdout
    return folder, [json.loads(line) for line in found.splitlines()]


@pytest.mark.parametrize("number", range(len(IMPOSSIBLE)), ids=lambda n: " ".join(IMPOSSIBLE[n][0]))
def test_what_cannot_be_done_is_one_sentence(
    impossible: tuple[Path, list[Any]], number: int
) -> None:
    folder, found = impossible
    code, said, error = found[number]

    assert (code, said) == (2, "")
    assert IMPOSSIBLE[number][1] in error
    assert "Traceback" not in error
    assert not (folder / "out.csv").exists()
    assert (folder / "there.csv").read_text(encoding="utf-8") == "mine"


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of some parts."""
    header, *rows = SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path_factory.mktemp("big") / "in.csv"
    path.write_text(header + "".join(rows) * 30, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def undisturbed(home: Path, big: Path) -> Path:
    """Its answers."""
    table = big.with_name("undisturbed.parquet")
    score(home, big, "--to", table)
    assert parquet.ParquetFile(table).num_row_groups == PARTS
    return table


def parts(table: Path) -> list[Path]:
    return list(table.parent.glob(f".{table.name}.parts/*.arrow"))


@contextmanager
def begun(home: Path, *arguments: object, done: int, **how: Any) -> Iterator[subprocess.Popen[str]]:
    """A command that is at work, with so many parts done; is waited for."""
    table = Path(str(arguments[arguments.index("--to") + 1]))
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=environment(home),
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    ) as process:
        wait_until(lambda: len(parts(table)) >= done or process.poll() is not None)
        yield process


@pytest.mark.system
@pytest.mark.parametrize("done", [2])
def test_a_command_that_was_killed_goes_on_and_gives_the_same_bytes(
    home: Path, big: Path, tmp_path: Path, undisturbed: Path, done: int
) -> None:
    table = tmp_path / "out.parquet"
    with begun(home, big, "--to", table, done=done) as process:
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not table.exists()
    kept = {path: path.stat().st_mtime_ns for path in parts(table)}
    with begun(home, big, "--to", table, done=PARTS) as again:
        found = {path: path.stat().st_mtime_ns for path in parts(table) if path in kept}

    assert again.wait() == 0
    assert len(kept) >= done
    assert found in (kept, {})  # or it had finished before we looked
    assert table.read_bytes() == undisturbed.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.parquet",
        "out.parquet.manifest.json",
    ]


@pytest.mark.system
@pytest.mark.parametrize(("ending", "workers"), [(signal.SIGTERM, 1), (signal.SIGINT, 2)])
def test_a_command_that_is_interrupted_says_how_it_goes_on(
    home: Path, big: Path, tmp_path: Path, undisturbed: Path, ending: signal.Signals, workers: int
) -> None:
    table = tmp_path / "out.parquet"
    group = {"start_new_session": True}
    given = (big, "--to", table, "--workers", workers)
    with begun(home, *given, done=1, **group) as process:
        os.killpg(process.pid, ending)  # as a terminal does
        assert process.stderr is not None
        error = process.stderr.read()

    assert process.returncode == 128 + ending
    assert error == "interrupted; the same command goes on where it stopped\n"
    score(home, *given)
    assert table.read_bytes() == undisturbed.read_bytes()


def test_ctrl_c_is_one_sentence_before_anything_has_begun(home: Path, tmp_path: Path) -> None:
    absent = tmp_path / "out.csv"
    process = subprocess.Popen(
        [*COMMAND, str(SAMPLE), "--to", str(absent)],
        env=environment(home),
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
    )
    command = Path(f"/proc/{process.pid}/cmdline")  # before it is this one it is a copy of pytest
    wait_until(lambda: COMMAND[-1] in command.read_text(encoding="utf-8"))
    wait_until(lambda: handles(process.pid, signal.SIGTERM))
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()

    assert process.returncode == 130
    assert error == "interrupted; the same command goes on where it stopped\n"


@pytest.mark.system
def test_processes_end_with_the_command_that_was_killed(
    home: Path, big: Path, tmp_path: Path, undisturbed: Path
) -> None:
    table = tmp_path / "out.parquet"
    with begun(home, big, "--to", table, "--workers", "2", done=2) as process:
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()

    assert len(children) >= 2
    wait_until(lambda: not any(each.is_running() for each in children))
    score(home, big, "--to", table)
    assert table.read_bytes() == undisturbed.read_bytes()


@pytest.mark.system
def test_a_worker_that_was_killed_is_one_sentence(home: Path, big: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.parquet"
    with begun(home, big, "--to", table, "--workers", "2", done=1) as process:
        workers = [
            each
            for each in psutil.Process(process.pid).children()
            if "spawn_main" in " ".join(each.cmdline())
        ]
        workers[0].kill()
        assert process.stderr is not None
        error = process.stderr.read()

    assert process.returncode == 2
    assert error == (
        "found a process that died, expected 2 to work until the end, with memory enough for "
        "each; the same command goes on where it stopped\n"
    )


@pytest.mark.system
@pytest.mark.parametrize("bytes_", [50_000, 2_000_000])
def test_a_full_disk_is_one_sentence_and_the_same_command_goes_on(
    home: Path, big: Path, tmp_path: Path, undisturbed: Path, bytes_: int
) -> None:
    """No file may be larger: than a part, or than the table."""
    table = tmp_path / "out.parquet"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))

    with begun(home, big, "--to", table, done=PARTS + 1, preexec_fn=limit) as process:
        assert process.stderr is not None
        error = process.stderr.read()

    assert process.returncode == 2
    sentence = ": File too large; mend that, and the same command goes on where it stopped\n"
    assert error.endswith(sentence)
    assert error.count("\n") == 1
    assert not table.exists()
    score(home, big, "--to", table)
    assert table.read_bytes() == undisturbed.read_bytes()


@pytest.mark.system
def test_another_option_is_refused_until_it_is_forced(
    home: Path, big: Path, tmp_path: Path
) -> None:
    table = tmp_path / "out.parquet"
    with begun(home, big, "--to", table, done=1) as process:
        process.kill()

    _, error = score(home, big, "--to", table, "--reasons", "none", code=2)

    assert error == (
        "found a run that is not finished with options reasons codes, expected none; run the "
        "command that began it, or add --force to begin anew (.out.parquet.parts)\n"
    )
    score(home, big, "--to", table, "--reasons", "none", "--force")


def test_a_table_is_verified_and_a_change_is_found(
    home: Path, tmp_path: Path, undisturbed: Path
) -> None:
    said, _ = score(home, "verify", undisturbed, "--rows", "500")

    assert said == f"500 of 133,650 rows in {undisturbed} are the same to the last bit\n"

    (tmp_path / "in.csv").write_text(lines(3), encoding="utf-8")
    table = tmp_path / "out.csv"
    score(home, tmp_path / "in.csv", "--to", table)
    content = table.read_text(encoding="utf-8")
    table.write_text(content.replace("APPROVED", "DECLINED", 1), encoding="utf-8")
    said, error = score(home, "verify", table, code=1)
    assert said == ""
    assert "out.csv: the row of line " in error
    assert error.endswith(" of in.csv: status: found 'DECLINED', expected 'APPROVED'\n")


@pytest.mark.system
def test_a_table_is_verified_against_a_service(
    home: Path, locked: Locked, server: Server, tmp_path: Path
) -> None:
    text = lines(300).splitlines(keepends=True)
    text[7] = text[7].replace(",", ",x", 3)
    (tmp_path / "in.csv").write_text("".join(text), encoding="utf-8")
    table = tmp_path / "out.csv"
    score(home, tmp_path / "in.csv", "--to", table, "--reasons", "full", code=1)

    said, _ = score(home, "verify", table, "--against", server.url)

    assert said.startswith("300 of 300 rows in ")
    key = tmp_path / "key"
    key.write_text(locked.key + "\n", encoding="utf-8")
    url = locked.server.url
    assert score(home, "verify", table, "--against", url, "--key-file", key)[0] == said
    _, error = score(home, "verify", table, "--against", url, code=2)
    assert "key" in error
    assert error.count("\n") == 1


@pytest.mark.system
def test_a_file_that_is_no_longer_what_was_scored_is_said(home: Path, tmp_path: Path) -> None:
    path, table = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text(lines(3), encoding="utf-8")
    score(home, path, "--to", table)
    moved = path.rename(tmp_path / "moved.csv")

    _, absent = score(home, "verify", table, code=2)
    path.write_text(lines(4), encoding="utf-8")
    _, other = score(home, "verify", table, code=2)

    assert "in.csv: No such file or directory; expected a file" in absent
    assert other == "in.csv: found other bytes than those that out.csv was made of\n"
    assert score(home, "verify", table, "--input", moved)[0].startswith("3 of 3 rows")


def handles(process: int, ending: signal.Signals) -> bool:
    """Whether a process has a function for a signal."""
    (mask,) = (
        line.split()[1]
        for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
        if line.startswith("SigCgt")
    )
    return bool(int(mask, 16) >> (ending - 1) & 1)


def test_a_running_service_gives_the_same_answers(
    locked: Locked, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text(lines(300), encoding="utf-8")
    (tmp_path / "key").write_text(f"{locked.key}\n", encoding="utf-8")
    tables = [tmp_path / "here.parquet", tmp_path / "there.parquet"]
    options = ("--keep", "none", "--reasons", "full", "--language", "es")
    service = ("--url", locked.server.url, "--key-file", tmp_path / "key")

    score(home, tmp_path / "in.csv", "--to", tables[0], *options)
    score(home, tmp_path / "in.csv", "--to", tables[1], *options, *service)

    here, there = map(parquet.read_table, tables)
    assert there.equals(here)


def test_a_workbook_is_written_and_proved(home: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(lines(300), encoding="utf-8")
    table = tmp_path / "x.xlsx"
    score(home, tmp_path / "in.csv", "--to", table, "--reasons", "full")

    said, _ = score(home, "verify", table)

    assert said.startswith("300 of 300 rows in ")
