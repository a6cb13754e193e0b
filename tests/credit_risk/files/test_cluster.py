"""Parts on a real Dask cluster: a scheduler and workers that die and come, each a process."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from running import BIN, PROJECT, environment, free_port, run, wait_until

SAMPLE = PROJECT / "data" / "sample.csv"
COMMAND = ("python", "-m", "credit_risk.score")
PARTS = 6

Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def begin(home: Path) -> Iterator[Begin]:
    """Start a program that is stopped at the end."""
    with ExitStack() as opened:

        def begin(*command: object) -> subprocess.Popen[str]:
            process: subprocess.Popen[str] = opened.enter_context(
                subprocess.Popen(
                    [str(BIN / "python"), *map(str, command[1:])],
                    env=environment(home),
                    cwd=PROJECT,
                    text=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE if "--to" in command else subprocess.DEVNULL,
                )
            )
            opened.callback(process.kill)
            return process

        yield begin


@pytest.fixture
def address(begin: Begin) -> str:
    """A scheduler."""
    port = free_port()
    begin(
        "python", "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"
    )
    return f"tcp://127.0.0.1:{port}"


def work(begin: Begin, address: str, folder: Path) -> subprocess.Popen[str]:
    options = ("--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", folder)
    return begin("python", "-m", "dask", "worker", address, *options, "--death-timeout", 60)


@pytest.fixture(scope="module")
def big(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of many parts, with some bad rows, and its answers in one process beside it."""
    header, *rows = SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    rows[7] = rows[7].replace(",", ",x", 1)
    path = tmp_path_factory.mktemp("big") / "in.csv"
    path.write_text(header + "".join(rows) * 30, encoding="utf-8")
    done = run(*COMMAND, path, "--to", path.with_name("out.parquet"), home=home, check=False)
    assert done.returncode == 1, done.stderr
    return path


@pytest.mark.system
def test_a_worker_dies_another_comes_and_the_table_has_the_same_bytes(
    begin: Begin, address: str, big: Path, tmp_path: Path
) -> None:
    table = tmp_path / "out.parquet"
    first, _ = (work(begin, address, tmp_path / str(number)) for number in range(2))

    def parts() -> int:
        return len(list(tmp_path.glob(f".{table.name}.parts/*.arrow")))

    command = begin(*COMMAND, big, "--to", table, "--dask", address)
    wait_until(lambda: parts() >= 1 or command.poll() is not None)
    first.kill()
    work(begin, address, tmp_path / "third")
    at_the_kill = parts()
    _, error = command.communicate(timeout=600)

    assert at_the_kill < PARTS, "it was killed in the middle"
    assert command.returncode == 1, error
    assert table.read_bytes() == big.with_name("out.parquet").read_bytes()
    assert not list(tmp_path.glob(".out*"))
