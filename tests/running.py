"""Start and stop real services for the tests."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from random import SystemRandom
from threading import Thread
from typing import Any, NamedTuple

import httpx
import psutil
import uvicorn
import yaml
from warm import COMMAND_PATIENCE, can_be_warm, run_warm

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PATIENCE = 90
"""Seconds to wait for a service; a shared machine can be slow."""
PORTS = count(SystemRandom().randrange(10_000, 30_000))
"""From where no other run of the tests is likely to begin."""
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Enough where there is no TLS: reading the world's certificates takes 50 ms at each request."""
UNHURRIED: dict[str, Any] = {"timeout": 60, "verify": TRUSTS_NOBODY}
"""How to ask with httpx, whose own patience is 5 s."""


def free_port() -> int:
    """A port that is free, and stays so until it is used a little later.

    It was not given before, and is below those that the system gives to clients.
    """
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port := next(PORTS)))
            return port


def environment(home: Path, **changes: str) -> dict[str, str]:
    """The environment of a command that works on the store at ``home``."""
    ours = (
        *("BENTOML", "CREDIT_RISK", "PYTEST_XDIST"),
        "PROMETHEUS",  # is set by an application in process
        "PYTHONDONTWRITEBYTECODE",  # each command would compile all packages anew, for seconds
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    set_here = {
        "PATH": f"{BIN}{os.pathsep}{clean['PATH']}",
        "BENTOML_HOME": str(home),
        "BENTOML_DO_NOT_TRACK": "1",
        "COLUMNS": "500",  # so that no printed path or tag is wrapped
    }
    return clean | set_here | changes


def run(
    *command: str | Path,
    home: Path,
    cwd: Path = PROJECT,
    check: bool = True,
    afresh: bool = False,
    **changes: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command of the environment to its end, on the store at ``home``.

    A program of Python finds its libraries imported; ``afresh`` it is a process like a person's.
    """
    words = [str(part) for part in command]
    variables = environment(home, **changes)
    if can_be_warm(words) and not afresh:
        found = run_warm(words, variables, cwd)
    else:
        found = subprocess.run(
            words,
            env=variables,
            cwd=cwd,
            text=True,
            capture_output=True,
            timeout=COMMAND_PATIENCE,
            check=False,
        )
    if check:
        assert found.returncode == 0, found.stdout + found.stderr
    return found


def home_beside(home: Path, own: Path, *stores: str) -> Path:
    """Make a home that has some stores of another, ``models`` or ``bentos``."""
    own.mkdir(parents=True)
    for name in stores:
        if (home / name).exists():
            (own / name).symlink_to(home / name)
    return own


def latest_model(home: Path) -> Path:
    """Folder of the latest model in the store at ``home``."""
    models = home / "models" / "credit_risk_model"
    return models / (models / "latest").read_text()


def configured(folder: Path, changes: Mapping[str, object]) -> dict[str, str]:
    """Write the project's configuration with some values changed, and name it in the environment.

    Each change is ``service.a.b: value`` of something that is in the file; a mapping adds to what
    is there.
    """
    settings = yaml.safe_load((PROJECT / "bentoconfiguration.yaml").read_text())
    for path, value in changes.items():
        *folders, name = path.split(".")
        place = settings["services"]
        for each in folders:
            place = place[each]
        assert name in place, f"{path} is not in the file"
        place[name] = place[name] | value if isinstance(value, Mapping) else value
    changed = folder / "changed.yaml"
    changed.write_text(yaml.safe_dump(settings))
    return {"BENTOML_CONFIG": str(changed)}


@dataclass
class Server:
    """A running service; ``home`` is its own, for services on one home share their metrics."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    home: Path

    def logged(self) -> str:
        return self.log.read_text()

    def get(self, path: str, **how: Any) -> httpx.Response:
        """Ask, and wait longer for the answer than a busy machine takes."""
        return httpx.get(f"{self.url}{path}", **UNHURRIED | how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        """As ``get``."""
        return httpx.post(f"{self.url}{path}", **UNHURRIED | how)

    def answers_with(self, ready: int, trusted: ssl.SSLContext) -> bool:
        """Whether ``/readyz`` gives this status; fails if the service has ended."""
        found = readiness(self.url, trusted)
        ended = self.process.poll() is not None or "startup failed" in self.logged()
        assert not ended, f"ended before it was ready:\n{self.logged()}"
        return found == ready

    def workers(self, service: str = "credit_risk_classifier") -> list[psutil.Process]:
        """The living worker processes of a service, oldest first."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # a dead one has no command line
                line = child.cmdline()
                if "--service-name" in line and line[line.index("--service-name") + 1] == service:
                    found.append(child)
        return sorted(found, key=lambda process: process.create_time())

    def stop(self) -> int:
        """End the service as an orchestrator would, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise


class Locked(NamedTuple):
    """A service that requires API keys, and one that it accepts."""

    server: Server
    file: Path
    key: str

    def client(self, key: str | None = None) -> httpx.Client:
        """A client with a key, its own without another."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return httpx.Client(base_url=self.server.url, headers=headers, timeout=30)


@contextmanager
def started(
    *command: str | Path,
    home: Path,
    log: Path,
    cwd: Path = PROJECT,
    port: int | None = None,
    ready: int = 200,
    certificate: Path | None = None,
    **changes: str,
) -> Iterator[Server]:
    """Run a command that serves until the body of the ``with`` ends, on a free port without one.

    ``ready`` is the status of ``/readyz`` to wait for; with a ``certificate`` the service is asked
    by TLS, trusting nothing else.
    """
    port = port or free_port()
    log.parent.mkdir(exist_ok=True)
    own = home_beside(home, log.with_name(f"home-{port}"), "models", "bentos")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in (*command, "--port", port)],
            env=environment(own, **changes),
            cwd=cwd,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    trusted = ssl.create_default_context(cafile=certificate) if certificate else TRUSTS_NOBODY
    server = Server(f"http{'s' if certificate else ''}://127.0.0.1:{port}", process, log, own)
    try:
        wait_until(lambda: server.answers_with(ready, trusted))
        yield server
    finally:
        server.stop()


@contextmanager
def serving(
    target: str, *arguments: str, home: Path, log: Path, **settings: Any
) -> Iterator[Server]:
    """Run ``bentoml serve`` until the body of the ``with`` ends; settings as for ``started``."""
    command = (BIN / "bentoml", "serve", target, *arguments)
    with started(*command, home=home, log=log, **settings) as server:
        yield server


def wait_until(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"did not come true in {seconds} s"
        time.sleep(0.02)


def readiness(url: str, trusted: ssl.SSLContext = TRUSTS_NOBODY) -> int:
    """Status of ``/readyz``; 0 where no server answers."""
    try:
        return httpx.get(f"{url}/readyz", timeout=5, verify=trusted).status_code
    except httpx.TransportError:
        return 0


@contextmanager
def answering(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Run an HTTP server of the standard library in this process; gives its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def in_a_thread(server: uvicorn.Server) -> Iterator[tuple[str, int]]:
    """Run a server in this process; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()
        server.should_exit = True
        thread.join()
