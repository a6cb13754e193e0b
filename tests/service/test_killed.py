"""A worker killed at random points under load: what was answered is in the decision log.

Three times here; ``CREDIT_RISK_KILLS=100 python -m pytest tests/service/test_killed.py`` for more.
"""

import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Self

import httpx
import psutil
from running import PATIENCE, Server, run, serving

from credit_risk.decisions.reading import no_progress, read_parts
from credit_risk.samples import sample_applications

KILLS = int(os.environ.get("CREDIT_RISK_KILLS", "3"))
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
        self._clients = [threading.Thread(target=self._ask, args=(n,)) for n in range(CLIENTS)]

    def _ask(self, seed: int) -> None:
        chosen = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
        while not self._stop.is_set():
            try:
                with httpx.Client(base_url=self._url, timeout=10) as http:
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
        before, deadline = len(self.answered), time.monotonic() + PATIENCE
        while len(self.answered) < before + CLIENTS:
            assert time.monotonic() < deadline, "no worker came back"
            time.sleep(0.01)


def kill_the_worker(server: Server) -> None:
    (worker,) = [
        child
        for child in psutil.Process(server.process.pid).children(recursive=True)
        if "_bentoml_impl.worker.service" in child.cmdline()
    ]
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)


def test_what_was_answered_is_in_the_log(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "decisions"
    moment = random.Random(7)  # noqa: S311  as above
    with (
        serving(
            "service.py:svc",
            home=home,
            log=tmp_path / "log",
            CREDIT_RISK_DECISION_LOG=str(folder),
        ) as server,
        Load(server.url) as load,
    ):
        for _ in range(KILLS):
            load.wait_for_answers()
            time.sleep(moment.uniform(0, LONGEST))
            kill_the_worker(server)
        load.wait_for_answers()

    logged = {
        decision["id"]: decision["probability"]
        for _, part in read_parts(folder, no_progress)
        for decision in part
    }
    verified = run("python", "-m", "credit_risk.decisions", "verify", folder, home=home).stdout
    assert {key: logged.get(key) for key in load.answered} == load.answered
    assert len(list(folder.iterdir())) == KILLS + 1
    assert verified.endswith(f"{KILLS + 1} files, {len(logged)} decisions, 0 files broken\n")
