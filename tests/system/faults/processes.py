"""The workers of a running service."""

import time
from collections.abc import Callable
from contextlib import suppress

import psutil
from running import PATIENCE, Server


def workers(server: Server, service: str = "credit_risk_classifier") -> list[psutil.Process]:
    """Those that are alive, oldest first."""
    found = []
    for child in psutil.Process(server.process.pid).children():
        with suppress(psutil.Error):  # a dead one has no command line
            line = child.cmdline()
            if "--service-name" in line and line[line.index("--service-name") + 1] == service:
                found.append(child)
    return sorted(found, key=lambda process: process.create_time())


def wait_until(holds: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait for a condition; gives the seconds it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, f"did not come true in {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - began


def replacement(server: Server, dead: psutil.Process, living: int = 1) -> psutil.Process:
    """Wait for the worker that comes in place of a dead one."""
    wait_until(lambda: len([w for w in workers(server) if w.pid != dead.pid]) >= living)
    return workers(server)[-1]
