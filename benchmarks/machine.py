"""The processes of a run: services on one core, what loads them on another."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from benchmarks.services import KEYS_FILE, Service
from credit_risk.form import form_at_hand

PROJECT: Final = Path(__file__).parents[1]
BIN: Final = Path(sys.executable).parent
FOREIGN: Final = ("BENTOML", "CREDIT_RISK", "PROMETHEUS", "OMP_NUM_THREADS")
"""Prefixes of environment variables that are not passed on."""
PATIENCE: Final = 300
"""Seconds until all services have started or ended; a shared machine can be slow."""
NOT_YET: Final = 404
"""Status of a peer that answers before its model is there."""
KEY: Final = "crk_benchmark"
Process = subprocess.Popen[Any]


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message says why in a sentence."""


@dataclass(frozen=True)
class Server:
    """A service that runs.

    Attributes:
        url: where it answers.
        headers: sent with each request.
        process: its first process, which leads a session of its own.
        log: file of what it printed.
    """

    url: str
    headers: Mapping[str, str]
    process: Process
    log: Path

    def family(self) -> list[psutil.Process]:
        """List its processes."""
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def worker_memory(self) -> int:
        """Resident bytes of its largest process, the worker."""
        return max(int(member.memory_info().rss) for member in self.family())

    def pin(self, cores: Iterable[int]) -> None:
        """Move every thread of every process to some cores."""
        for thread in (thread.id for member in self.family() for thread in member.threads()):
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(thread, cores)

    def wait_until_it_answers(self) -> None:
        """Send an application until it is answered, which takes all that the service depends on.

        Raises:
            BenchmarkError: if the service ends, refuses, or takes too long.
        """
        deadline = time.monotonic() + PATIENCE
        with httpx.Client(trust_env=False, headers=self.headers, timeout=60) as client:
            while time.monotonic() < deadline and self.process.poll() is None:
                with suppress(httpx.TransportError):
                    answer = client.post(f"{self.url}/classify", json=form_at_hand().example)
                    if answer.is_success:
                        return
                    if answer.is_client_error and answer.status_code != NOT_YET:
                        break
                time.sleep(0.1)
        msg = f"the service did not start:\n{self.log.read_text(encoding='utf-8')}"
        raise BenchmarkError(msg)


@dataclass(frozen=True)
class Machine:
    """Where everything runs.

    Attributes:
        home: a ``BENTOML_HOME`` of the run's own, for the models.
        server_cores: of the services: one, unless times do not matter.
        load_cores: of what loads them.
        before: another checkout of the project, to compare with; None without.
        model: tag of the model that all services load; empty: the latest.
    """

    home: Path
    server_cores: Sequence[int]
    load_cores: Sequence[int]
    before: Path | None = None
    model: str = ""

    def start(
        self,
        command: Sequence[str],
        cores: Iterable[int],
        *,
        folder: Path = PROJECT,
        home: Path | None = None,
        settings: Mapping[str, str] | None = None,
        **streams: Any,  # noqa: ANN401  as Popen
    ) -> Process:
        """Start a command on some cores, with settings as environment variables."""
        clean = {name: v for name, v in os.environ.items() if not name.startswith(FOREIGN)}
        fixed = {
            "PATH": f"{BIN}{os.pathsep}{clean['PATH']}",
            "PYTHONPATH": str(folder),
            "BENTOML_HOME": str(home or self.home),
            "BENTOML_DO_NOT_TRACK": "True",
            "CREDIT_RISK_MODEL": self.model,
            "CREDIT_RISK_ALLOW_COMPARISON": "1",  # all serve the course's
        }
        pinned = ("taskset", "--cpu-list", ",".join(map(str, cores)), *command)
        return subprocess.Popen(
            pinned, cwd=folder, env={**clean, **fixed, **(settings or {})}, **streams
        )

    def run(self, *command: str, cores: Iterable[int] = ()) -> str:
        """Run a command, on the services' cores unless others are given; return what it printed.

        Raises:
            BenchmarkError: if it fails.
        """
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with self.start(command, cores or self.server_cores, **pipes) as process:
            printed, complained = process.communicate()
        if process.returncode:
            msg = f"{' '.join(command)} failed:\n{printed}{complained}"
            raise BenchmarkError(msg)
        return str(printed)

    @contextmanager
    def program(self, module: str) -> Iterator[Callable[[str], Any]]:
        """Run a module that answers a line with a line of JSON, on the services' core."""
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with self.start(("python", "-m", module), self.server_cores, **pipes) as process:

            def ask(line: str) -> Any:  # noqa: ANN401  as JSON
                print(line, file=process.stdin, flush=True)
                return json.loads(next(iter(process.stdout or ()), ""))

            try:
                yield ask
            finally:
                process.kill()

    @contextmanager
    def serving(self, services: Mapping[str, Service]) -> Iterator[dict[str, Server]]:
        """Run services until the ``with`` ends, all on one core as soon as they have started.

        They start on all cores, which takes half as long; each sees no more than it will have.
        """
        servers: dict[str, Server] = {}
        places = cycle((self.load_cores, self.server_cores))
        try:
            for (name, service), port in zip(
                services.items(), free_ports(len(services)), strict=True
            ):
                servers[name] = self.serve(service, port, next(places))
            for server in servers.values():
                server.wait_until_it_answers()
            for server in servers.values():
                server.pin(self.server_cores)
            yield servers
        finally:
            end(servers.values())

    def serve(self, service: Service, port: int, cores: Iterable[int]) -> Server:
        """Start a service with a home of its own: those on one share metrics."""
        home = self.home / str(port)
        home.mkdir()
        (home / "models").symlink_to(self.home / "models")
        digest = sha256(KEY.encode()).hexdigest()
        (home / KEYS_FILE).write_text(f'benchmark = {{ sha256 = "{digest}" }}\n', encoding="utf-8")
        log = home / "log"
        with log.open("wb") as output:
            process = self.start(
                [part.format(port=port) for part in service.command],
                cores,
                folder=self.before if service.before and self.before else PROJECT,
                home=home,
                settings={
                    "PATH": f"{service.commands}{os.pathsep}{os.environ['PATH']}",
                    "CREDIT_RISK_MODEL": service.model or self.model,
                    **{name: v.format(home=home) for name, v in service.settings.items()},
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        headers = {"Authorization": f"Bearer {KEY}"} if service.keys else {}
        return Server(f"http://127.0.0.1:{port}", headers, process, log)


def free_ports(count: int) -> list[int]:
    """Find ports that nothing listens on."""
    with ExitStack() as probes:
        found = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in found:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in found]


def end(servers: Iterable[Server]) -> None:
    """End services with all of their processes: politely, then not."""
    families = [member for server in servers for member in server.family()]
    for server in servers:
        server.process.terminate()
    _, alive = psutil.wait_procs(families, timeout=20)
    for member in alive:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(alive, timeout=PATIENCE)
