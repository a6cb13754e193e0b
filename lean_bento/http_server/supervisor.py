"""The worker supervisor, which runs in the first process.

BentoML's supervisor checks the workers every ten seconds by the wall clock, replaces none inside a
container, and keeps the listening socket open until the last worker has ended. BentoML has no
setting for these, so this is a subclass of its ``Arbiter``, which is a subclass of circus's. It
replaces a dead worker at once, and stops listening when the workers are told to end.
"""

import errno
import os
import signal
from contextlib import suppress
from typing import Any, ClassVar, Final

from bentoml.exceptions import BentoMLException

from lean_bento.bentoml_internals import ConflictError, circus
from lean_bento.shared_series import Series, SharedSeries

RESTART_DELAY: Final = 10
"""Seconds before a worker that exited is replaced; BentoML's own interval."""

NOT_OURS: Final = {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}
"""Why an address cannot be listened on."""

RETRY_INTERVAL: Final = 0.1
"""Seconds until the next try while circus starts or stops workers."""

WAIT_OPTIONS: Final = os.WEXITED | os.WNOHANG | os.WNOWAIT
"""Look for a child that has ended, without waiting for one or reaping it, which circus does."""


class WorkerSupervisor(circus.Arbiter):
    """Replaces a worker as soon as the operating system reports that it was killed.

    A worker that exits has refused to start, and the next one may too: it is replaced after a
    delay, which leaves the cores to the other workers.
    """

    prefix: ClassVar[str] = "lean_bento"
    """Of the names of its metrics."""

    def __init__(self, watchers: list[Any], **settings: Any) -> None:  # noqa: ANN401  BentoML's
        for watcher in watchers:
            watcher.respawn = True  # BentoML sets False in a container
        super().__init__(watchers, **settings)
        about = "Workers that ended by themselves or were killed, and were replaced"
        restarts = Series(f"{self.prefix}_worker_restarts", about, suffix="_total")
        self._restarts = SharedSeries("counter", "workers", [restarts])
        self._counted = 0  # process id of the last worker that was counted
        self._is_ending = False

    def start(self, cb: Any = None) -> None:  # noqa: ANN401  BentoML's
        """Start the workers; returns when all have ended.

        Raises:
            BentoMLException: if the port cannot be used; the message is one sentence.
        """
        before = signal.signal(signal.SIGCHLD, self._on_child_signal)
        try:
            super().start(cb)
        except OSError as error:
            if error.errno not in NOT_OURS:
                raise
            tcp = [each for each in self.sockets.values() if not each.is_unix]
            places = " or ".join(f"{each.host}:{each.port}" for each in tcp)
            msg = (
                f"found {places} taken or closed ({error.strerror}), expected a free port: --port N"
            )
            raise BentoMLException(msg) from None
        finally:
            signal.signal(signal.SIGCHLD, before)

    def stop(self) -> Any:  # noqa: ANN401  circus's untyped future
        """Tell the workers to end, and stop listening.

        A worker closes its copy of the listening socket at once. If this one stayed open until the
        last worker has ended, clients could connect and nothing would read their requests.
        """
        self._is_ending = True
        stopped = super().stop()
        for listening in self.sockets.values():
            if not listening.is_unix:  # workers call the runner until they end
                listening.close()
        return stopped

    def _on_child_signal(self, *_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: the service ends
            self.loop.asyncio_loop.call_soon_threadsafe(self._replace_ended)

    def _replace_ended(self) -> None:
        ended = os.waitid(os.P_ALL, 0, WAIT_OPTIONS)
        if ended:
            exited = ended.si_code == os.CLD_EXITED  # not killed
            if ended.si_pid != self._counted and not self._is_ending:
                self._counted = ended.si_pid  # it is seen until circus has reaped it
                self._restarts.add([1])
            self.loop.call_later(RESTART_DELAY if exited else 0, self._replace)

    def _replace(self) -> None:
        try:
            self.manage_watchers()
        except ConflictError:
            self.loop.call_later(RETRY_INTERVAL, self._replace)


def supervise(prefix: str) -> None:
    """Replace BentoML's supervisor; call it in the first process, before BentoML makes one.

    Args:
        prefix: of the names of its metrics.
    """
    WorkerSupervisor.prefix = prefix
    circus.Arbiter = WorkerSupervisor
