"""How much work a start takes, and whether the first application takes more than the next.

Processor time is measured: other work on the machine makes nothing later.
"""

import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from course import sample_applications
from running import Server, environment, serving, wait_until

ROUNDS = 3
"""The best counts: what else runs on a core takes its caches."""
LIMIT = 2
"""Times the two imports: with that the service is ready."""
FIRST_LIMIT = 3
"""Times the median answer: with that the first is there."""
APPLICATIONS = [sample.model_dump_json() for sample in sample_applications(100, seed=11)]
pytestmark = pytest.mark.system


@dataclass
class Start:
    """Seconds of processor time of one round."""

    imports: float
    until_ready: float
    first: float
    median: float


def worked(pid: int) -> float:
    """Processor time of a process, of all of its threads, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9


def worked_until_idle(pid: int) -> float:
    """The same once it waits: what it does after an answer counts, and is counted only then."""
    process = psutil.Process(pid)
    wait_until(lambda: process.status() == psutil.STATUS_SLEEPING)
    return worked(pid)


def of_one_answer(client: httpx.Client, worker: int, body: str) -> float:
    before = worked_until_idle(worker)
    answer = client.post("/classify", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    return worked_until_idle(worker) - before


def of_two_imports(home: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    libraries = [sys.executable, "-c", "import bentoml, xgboost"]
    subprocess.run(libraries, env=environment(home), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def start_once(home: Path, log: Path) -> Start:
    imports = of_two_imports(home)
    with serving("service.py:svc", home=home, log=log) as server:
        until_ready = of_all_processes(server)
        (worker,) = server.workers()
        with httpx.Client(base_url=server.url, timeout=30) as client:
            client.get("/livez")  # a connection costs each worker the same, first or not
            times = [of_one_answer(client, worker.pid, body) for body in APPLICATIONS]
    return Start(imports, until_ready, times[0], statistics.median(times))


def of_all_processes(server: Server) -> float:
    first = psutil.Process(server.process.pid)
    return sum(worked(each.pid) for each in (first, *first.children(recursive=True)))


@pytest.fixture(scope="module")
def starts(home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Start]:
    log = tmp_path_factory.mktemp("starts") / "log"
    return [start_once(home, log) for _ in range(ROUNDS)]


def test_the_service_is_ready_with_twice_the_work_of_its_two_large_imports(
    starts: list[Start],
) -> None:
    ready = min(each.until_ready for each in starts)

    assert ready <= LIMIT * min(each.imports for each in starts)


def test_the_first_application_takes_no_more_than_three_times_the_median(
    starts: list[Start],
) -> None:
    assert min(each.first / each.median for each in starts) <= FIRST_LIMIT
