"""Workers of a Dask cluster that score parts; each loads the model itself, and writes its parts."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from credit_risk.errors import UsageError
from credit_risk.files.manifest import PartRecord
from credit_risk.files.parts import Part
from credit_risk.files.unfinished import AGAIN
from credit_risk.files.workers import AHEAD, Work

PATIENCE: Final = 10.0
"""Seconds for the scheduler to answer, and for a first worker to come."""


@dataclass(frozen=True)
class Cluster:
    """Runs work on the workers of a Dask cluster.

    Each part goes to a worker with its task, through the scheduler. So a part whose worker dies is
    given to another one. Workers may come and go meanwhile.

    Attributes:
        address: of the scheduler, such as tcp://scheduler:8786.
        prepare: makes the work, on each worker once; can be pickled.
        patience: seconds for the scheduler to answer, and for a first worker to come.
    """

    address: str
    prepare: Callable[[], Work]
    patience: float = PATIENCE

    def __call__(self, parts: Iterable[Part]) -> Iterator[PartRecord]:
        """Work on parts; yields what is done, in any order.

        Raises:
            UsageError: if there is no scheduler or no worker, one lacks this project, or a part
                ends one worker after another.
        """
        from distributed import KilledWorker, wait  # noqa: PLC0415  optional

        run, waiting = uuid4().hex, set[Any]()
        with self._connected() as client:
            try:
                for part in parts:
                    waiting.add(client.submit(_run, run, self.prepare, part, pure=False))
                    while len(waiting) >= AHEAD * max(sum(client.nthreads().values()), 1):
                        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        yield from (each.result() for each in done)
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (each.result() for each in done)
            except KilledWorker as error:
                found = f"found a part that ended {error.allowed_failures + 1} workers"
                msg = f"{found}, expected memory enough for each; {AGAIN}"
                raise UsageError(msg) from None
            except RuntimeError as error:
                if "deserializ" not in str(error):
                    raise
                found = "found a scheduler or worker that cannot import this project"
                fix = "start each in its folder, with python -m dask, or set PYTHONPATH to it"
                msg = f"--dask {self.address}: {found}, expected it there: {fix}"
                raise UsageError(msg) from None

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        try:
            from distributed import Client  # noqa: PLC0415  optional
        except ImportError:
            msg = "--dask needs dask and distributed, which are not installed; "
            fix = "run: pip install -r deploy/requirements/dask.txt"
            raise UsageError(msg + fix) from None
        with ExitStack() as opened:
            try:
                client = opened.enter_context(Client(self.address, timeout=self.patience))
                client.wait_for_workers(1, timeout=self.patience)
            except (OSError, ValueError) as error:  # a TimeoutError is an OSError
                found = f"found no scheduler with a worker ({str(error)[:100]})"
                msg = f"--dask {self.address}: {found}, expected one such as tcp://scheduler:8786"
                raise UsageError(msg) from None
            yield client


_WORKS: Final[dict[str, Work]] = {}
"""What this worker works with, by run; of one run only, since a model takes memory."""


def _run(run: str, prepare: Callable[[], Work], part: Part) -> PartRecord:
    if run not in _WORKS:
        work = prepare()
        _WORKS.clear()
        _WORKS[run] = work
    return _WORKS[run](part)
