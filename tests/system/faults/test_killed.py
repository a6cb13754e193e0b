"""A worker killed at random points under load: what was answered is in the decision log.

Ten times here; ``make soak`` does it a hundred times.
BentoML takes seconds to start a worker again. So a process that has imported everything forks the
workers, each of which serves what BentoML's would serve.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
from running import PATIENCE, PROJECT, TRUSTS_NOBODY, environment, free_port, run

from audit_log import read_entries
from credit_risk.decision_log.settings import DECISIONS
from credit_risk.form import sample_applications

KILLS = int(os.environ.get("CREDIT_RISK_KILLS", "10"))
SAMPLES = [sample.model_dump(mode="json") for sample in sample_applications(20)]
CLIENTS = 8
LONGEST = 0.3
"""Seconds under load before a kill, at most."""


class Load:
    """Clients that ask again and again, whatever happens, and keep what was answered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self.answered: dict[str, float] = {}  # probability of default by decision
        self._answers = 0
        self._clients = [threading.Thread(target=self._ask, args=(n,)) for n in range(CLIENTS)]

    def _ask(self, seed: int) -> None:
        chosen = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
        while not self._stop.is_set():
            try:
                with httpx.Client(base_url=self._url, timeout=10, verify=TRUSTS_NOBODY) as http:
                    while not self._stop.is_set():
                        self._ask_once(http, chosen.choices(SAMPLES, k=chosen.choice([1, 1, 1, 9])))
            except httpx.TransportError:
                time.sleep(0.01)  # killed, or not there yet

    def _ask_once(self, http: httpx.Client, applications: list[object]) -> None:
        if len(applications) == 1:
            answer = http.post("/classify", json=applications[0])
            answers = [answer.json()]
        else:
            answer = http.post("/classify_batch", json=applications)
            answers = answer.json()
        if answer.status_code != 200:
            return  # a worker that has only begun
        self._answers += 1
        name = answer.headers["x-decision-id"]
        for number, each in enumerate(answers):
            key = name if len(answers) == 1 else f"{name}/{number}"
            self.answered[key] = each["default_probability"]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for client in self._clients:
            client.join()

    def wait_for_answers(self) -> None:
        """Wait for more answers than those that a worker killed just now has left behind."""
        before, deadline = self._answers, time.monotonic() + PATIENCE
        while self._answers < before + 2 * CLIENTS:
            assert time.monotonic() < deadline, "no worker came back"
            time.sleep(0.01)


FORK_WORKERS = """
import os, socket, sys
import uvicorn
import service, bentoml.xgboost, sklearn.feature_extraction

listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    worker = os.fork()
    if worker == 0:
        configuration = uvicorn.Config(service.svc.to_asgi(), log_level="warning")
        uvicorn.Server(configuration).run(sockets=[listening])
        os._exit(0)
    print(worker, flush=True)
    os.waitpid(worker, 0)
"""


@contextmanager
def forking(home: Path, log: Path, folder: Path) -> Iterator[tuple[str, Iterator[int]]]:
    """Have workers forked; gives the address, and the process of each as it begins."""
    port = free_port()
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", FORK_WORKERS, str(port)],
            env=environment(home, CREDIT_RISK_DECISION_LOG=str(folder)),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    workers = map(int, process.stdout)
    try:
        yield f"http://127.0.0.1:{port}", workers
    finally:
        process.kill()  # first, or it forks another
        process.wait()
        for last in workers:
            os.kill(last, signal.SIGTERM)
        process.stdout.close()


def test_what_was_answered_is_in_the_log(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "decisions"
    moment = random.Random(7)  # noqa: S311  as above
    with forking(home, tmp_path / "log", folder) as (url, workers), Load(url) as load:
        for _ in range(KILLS):
            load.wait_for_answers()
            time.sleep(moment.uniform(0, LONGEST))
            os.kill(next(workers), signal.SIGKILL)
        load.wait_for_answers()

    logged = {
        decision["id"]: decision["probability"]
        for _, part in read_entries(folder, DECISIONS)
        for decision in part
    }
    verified = run("python", "-m", "credit_risk.decisions", "verify", folder, home=home).stdout
    assert {key: logged.get(key) for key in load.answered} == load.answered
    assert len(list(folder.iterdir())) == KILLS + 1
    assert verified.endswith(f"{KILLS + 1} files, {len(logged)} decisions, 0 files broken\n")
