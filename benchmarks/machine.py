"""Where everything runs: a model store of our own, one core for services, one for their load."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.processes import BenchmarkError, Server, end, free_port, wait_until_it_answers
from benchmarks.services import Service

__all__ = ["PROJECT", "Machine"]

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
FOREIGN = ("BENTOML", "CREDIT_RISK", "PROMETHEUS", "OMP_NUM_THREADS")
"""Environment variables that begin so are not handed on."""


@dataclass(frozen=True)
class Machine:
    """Where everything runs.

    Attributes:
        home: a ``BENTOML_HOME`` of our own, for the models.
        server_core: the core of the services, in the notation of taskset.
        load_core: the core of what loads them.
        model: tag of the model that all services load; empty: the latest.
    """

    home: Path
    server_core: str
    load_core: str
    model: str = ""

    def run(
        self,
        *command: str,
        core: str | None = None,
        seconds: float | None = None,
    ) -> str:
        """Run a command and return what it printed.

        Args:
            command: with its arguments.
            core: where; the services' core unless another is given.
            seconds: after which it is interrupted; to its end unless given.

        Raises:
            BenchmarkError: if it fails.
        """
        with subprocess.Popen(
            pinned(command, core or self.server_core),
            env=self.environment({}),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                printed, complained = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                printed, complained = process.communicate()
            finally:
                process.kill()  # of use only if we are interrupted ourselves
        if process.returncode:
            msg = f"{' '.join(command)} failed:\n{printed}{complained}"
            raise BenchmarkError(msg)
        return printed

    @contextmanager
    def serving(self, service: Service) -> Iterator[Server]:
        """Serve on a free port, on the services' core, until the ``with`` ends."""
        port = free_port()
        command = [part.format(port=port) for part in service.command]
        log = self.home / f"{port}.log"
        with log.open("wb") as output:
            process = psutil.Popen(
                pinned(command, self.server_core),
                env=self.environment(service.settings),
                cwd=PROJECT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_it_answers(url, process, log)
            yield Server(url, process)
        finally:
            end(process)

    def sharing(self) -> str:
        """Say in words who has which core."""
        if "," in self.server_core:
            return "service and wrk are not pinned"
        if self.server_core == self.load_core:
            return "service and wrk share one"
        return "one for the service, one for wrk"

    def environment(self, changes: Mapping[str, str]) -> dict[str, str]:
        """Environment of a command that works on our store; ``{home}`` in ``changes`` is that."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        settings = {name: value.format(home=self.home) for name, value in changes.items()}
        fixed = {
            "PATH": f"{BIN}{os.pathsep}{clean['PATH']}",
            "PYTHONPATH": str(PROJECT),
            "BENTOML_HOME": str(self.home),
            "BENTOML_DO_NOT_TRACK": "True",
            "CREDIT_RISK_MODEL": self.model,
        }
        return {**clean, **fixed, **settings}


def pinned(command: Iterable[str], core: str) -> list[str]:
    return ["taskset", "--cpu-list", core, *command]
