"""The supervisor replaces a killed worker; tests/system/faults has it under load."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from running import PROJECT

SUPERVISE_ONE_WORKER_AND_KILL_IT = """
from contextlib import suppress

from bentoml._internal.utils import circus
from circus.exc import ConflictError
from circus.watcher import Watcher

from lean_bento.http_server import supervise

supervise("garden")
watcher = Watcher("worker", "sleep 60", respawn=False, graceful_timeout=1)
arbiter = circus.create_standalone_arbiter([watcher], check_delay=600)


def kill_first_worker(_):
    (pid,) = watcher.processes
    watcher.processes[pid].send_signal(9)
    arbiter.loop.call_later(0.05, stop_after_replacement, pid)


def stop_after_replacement(pid):
    pids = list(watcher.processes)
    if pids and pid not in pids:
        with suppress(ConflictError):  # the replacement is still under way
            arbiter.stop()
            print("replaced by", len(pids))
            return
    arbiter.loop.call_later(0.05, stop_after_replacement, pid)


arbiter.start(kill_first_worker)
"""


def test_a_killed_worker_is_replaced_at_once_even_if_bentoml_says_never(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SUPERVISE_ONE_WORKER_AND_KILL_IT],
        cwd=PROJECT,
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout.strip()) == (0, "replaced by 1"), done.stderr
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(tmp_path))
    assert registry.get_sample_value("garden_worker_restarts_total") == 1
