"""Wait for the processes of a service, look at them, and end them."""

import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from credit_risk.form import COURSE_EXAMPLE

__all__ = ["BenchmarkError", "Server", "end", "free_port", "wait_until_it_answers"]

PATIENCE = 90
"""Seconds to wait for a service to start or to end; a shared machine can be slow."""


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message says why in a sentence."""


@dataclass(frozen=True)
class Server:
    """A service under way.

    Attributes:
        url: where it answers.
        process: its first process, which leads a session of its own.
    """

    url: str
    process: psutil.Process

    def worker_memory(self) -> int:
        """Resident bytes of its largest process, the worker."""
        family = [self.process, *self.process.children(recursive=True)]
        return max(int(member.memory_info().rss) for member in family)


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(url: str, process: psutil.Popen, log: Path) -> None:
    """Ask until an application is answered; that takes the service and all it depends on.

    Raises:
        BenchmarkError: if it ends, refuses, or takes too long.
    """
    deadline = time.monotonic() + PATIENCE
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(httpx.TransportError):
                answer = client.post(f"{url}/classify", json=COURSE_EXAMPLE)
                if answer.is_success:
                    return
                if answer.is_client_error:
                    break
            time.sleep(0.1)
    msg = f"the service did not start:\n{log.read_text()}"
    raise BenchmarkError(msg)


def end(process: psutil.Popen) -> None:
    """End a process and all that came from it: politely, then not."""
    family = [process, *process.children(recursive=True)] if process.is_running() else []
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(family, timeout=10)
    for member in alive:
        member.kill()
    psutil.wait_procs(alive, timeout=PATIENCE)
