"""A worker killed at random points under load: what was answered is in the decision log.

Ten times here; ``make soak`` does it a hundred times.
BentoML takes seconds to start a worker again. So a process that has imported everything forks the
workers, each of which serves what BentoML's would serve.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest
from faults.load import Load
from running import PATIENCE, PROJECT, environment, free_port, run

from audit_log import read_entries
from credit_risk.decision_log.settings import DECISIONS

pytestmark = pytest.mark.system
KILLS = int(os.environ.get("CREDIT_RISK_KILLS", "10"))
CLIENTS = 8
LONGEST = 0.3
"""Seconds under load before a kill, at most."""


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
        first = next(workers)  # from when on the socket listens
        yield f"http://127.0.0.1:{port}", chain([first], workers)
    finally:
        process.kill()  # first, or it forks another
        process.wait()
        for last in workers:
            os.kill(last, signal.SIGTERM)
        process.stdout.close()


def probabilities(name: str, body: bytes) -> dict[str, float]:
    """Probability of default of each decision of an answer, by the decision's id."""
    answer = json.loads(body)
    if isinstance(answer, list):
        rows = enumerate(each.get("default_probability") for each in answer)
    elif isinstance(answer["default_probability"], list):
        rows = enumerate(answer["default_probability"])
    else:
        return {name: answer["default_probability"]}
    return {f"{name}/{number}": value for number, value in rows if value is not None}


async def load_and_kill(url: str, workers: Iterator[int]) -> Load:
    """Kill one worker after the other while clients get their answers."""
    load = await asyncio.to_thread(Load.on, url)
    moment = random.Random(7)  # noqa: S311  to be repeated, not to be secret
    await load.start(CLIENTS)

    async def more_answers() -> None:
        """Wait for more answers than those that a worker killed just now has left behind."""
        enough, deadline = load.answered.total() + 2 * CLIENTS, time.monotonic() + PATIENCE
        while load.answered.total() < enough:
            assert time.monotonic() < deadline, "no worker came back"
            await asyncio.sleep(0.01)

    for _ in range(KILLS):
        await more_answers()
        await asyncio.sleep(moment.uniform(0, LONGEST))
        os.kill(next(workers), signal.SIGKILL)
    await more_answers()
    await load.stop()
    return load


def test_every_answered_decision_is_in_the_log(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "decisions"
    with forking(home, tmp_path / "log", folder) as (url, workers):
        load = asyncio.run(load_and_kill(url, workers))

    logged = {
        decision["id"]: decision["probability"]
        for _, part in read_entries(folder, DECISIONS)
        for decision in part
    }
    verified = run("python", "-m", "credit_risk.decisions", "verify", folder, home=home).stdout
    answered: dict[str, float] = {}
    for name, body in load.logged.items():
        answered |= probabilities(name, body)
    assert load.wrong == []
    assert len(load.logged) > KILLS
    assert {key: logged.get(key) for key in answered} == answered
    assert len(list(folder.iterdir())) == KILLS + 1
    assert verified.endswith(f"{KILLS + 1} files, {len(logged)} decisions, 0 files broken\n")
