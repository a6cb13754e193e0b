"""The service measures time by the clock that never jumps."""

import ast
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from course import COURSE_EXAMPLE
from faults.conftest import Serve, replacement
from raw_http import Answer, Connection
from running import PROJECT, Server

HOUR = 3600
WALL_CLOCK = {"time", "time_ns", "now", "today", "utcnow"}
"""Functions of ``time`` and ``datetime`` that read the clock that people set."""


def reads_the_wall_clock(path: Path) -> bool:
    tree = ast.parse(path.read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "datetime"}
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            owner, _, name = called.rpartition(".")
            if name in WALL_CLOCK and owner.split(".")[-1] in {"time", "datetime", "date"}:
                return True
            if called in imported & WALL_CLOCK:
                return True
    return False


def test_only_what_dates_api_keys_reads_the_wall_clock() -> None:
    files = (PROJECT / "lean_bento").rglob("*.py")

    assert {path.parent.name for path in files if reads_the_wall_clock(path)} == {"auth"}


def test_a_reading_of_the_wall_clock_would_be_seen(tmp_path: Path) -> None:
    sources = (
        "import time\nbegan = time.time()",
        "from time import time\nbegan = time()",
        "import datetime\nbegan = datetime.datetime.now(datetime.UTC)",
    )
    for source in sources:
        (tmp_path / "module.py").write_text(source)

        assert reads_the_wall_clock(tmp_path / "module.py")


@pytest.fixture
def clock(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A file that sets the clock of what runs with the variables."""
    compiler = str(shutil.which("cc") or shutil.which("gcc"))
    library, offset = tmp_path / "jumping_clock.so", tmp_path / "offset"
    source = Path(__file__).with_name("jumping_clock.c")
    command = (compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl")
    subprocess.run(command, check=True)
    offset.write_text("0")
    return offset, {"LD_PRELOAD": str(library), "JUMPING_CLOCK": str(offset)}


def last_request(server: Server) -> float:
    """When the service thinks it had its last request, seconds since 1970."""
    lines = server.get("/metrics").text.splitlines()
    name = "bentoml_service_last_request_timestamp_seconds"
    return max(float(line.split()[-1]) for line in lines if line.startswith(name))


def answer_after_a_jump(server: Server, offset: Path, jump: int) -> Answer | None:
    """Stall a request, let the clock jump, and see when it is answered."""
    with Connection(server.url) as connection:
        head = b"POST /classify_batch HTTP/1.1\r\nHost: test\r\nContent-Length: 99999\r\n\r\n["
        connection.send(head)  # of a large body, whose request begins before it is there
        connection.wait_until_read()
        offset.write_text(str(jump))
        return connection.answer()


@pytest.mark.system
@pytest.mark.needs("cc")
def test_a_jump_of_the_clock_changes_no_answer_no_limit_and_no_replacement(
    serve_with: Serve, clock: tuple[Path, dict[str, str]]
) -> None:
    offset, variables = clock
    with serve_with(1, timeout=2, **variables) as server:

        def answer() -> dict[str, object]:
            found = server.post("/classify", json=COURSE_EXAMPLE)
            assert found.status_code == 200
            return dict(found.json())

        expected = answer()

        assert expected["default_probability"]

        for jump in (HOUR, -HOUR):
            stalled = answer_after_a_jump(server, offset, jump)

            assert stalled is not None
            assert stalled.status == 504
            assert 1.9 < stalled.seconds < 25  # an hour's jump would show
            assert answer() == expected
            assert abs(last_request(server) - time.time() - jump) < HOUR / 2  # it jumped

        (dead,) = server.workers()
        killed = time.monotonic()
        dead.kill()
        replacement(server, dead)

        assert time.monotonic() - killed < 9  # BentoML itself looks every 10 s
        assert answer() == expected
