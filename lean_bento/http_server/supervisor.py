"""How the first process looks after the workers.

BentoML's supervisor looks at them every ten seconds by the wall clock, inside a container never
replaces one, and holds the listening socket until the last has ended. This one replaces a worker
as soon as it is dead, and lets nobody queue behind workers that are ending. Leans on BentoML's
``Arbiter``, which is circus's. Knows nothing of what the workers do.
"""

import os
import signal
from typing import Any, Final

from bentoml._internal.utils import circus as supervisor
from circus.exc import ConflictError

from lean_bento.bentoml_internals import check

__all__ = ["WorkerSupervisor", "supervise"]

PAUSE: Final = 10
"""Seconds before a worker that ended of its own accord is replaced; as often as BentoML looks."""

BUSY: Final = 0.1
"""Seconds until the next try while workers are being started or stopped."""

ENDED: Final = os.WEXITED | os.WNOHANG | os.WNOWAIT
"""Ask for a child that has ended, don't wait for one, and leave it to circus."""


check({supervisor.Arbiter: ("manage_watchers", "start", "stop")})


class WorkerSupervisor(supervisor.Arbiter):
    """Replaces a worker as soon as the operating system tells that it was killed.

    One that ends of its own accord has refused to start and would again: it is replaced after a
    pause, which leaves the core to the others, until one stays.
    """

    def __init__(self, watchers: list[Any], **settings: Any) -> None:  # noqa: ANN401  BentoML's
        for watcher in watchers:
            watcher.respawn = True  # in a container BentoML would let one after another go
        super().__init__(watchers, **settings)

    def start(self, cb: Any = None) -> None:  # noqa: ANN401  BentoML's
        """Start the workers; returns when all have ended."""
        before = signal.signal(signal.SIGCHLD, self._look_soon)
        try:
            super().start(cb)
        finally:
            signal.signal(signal.SIGCHLD, before)

    def stop(self) -> Any:  # noqa: ANN401  circus's untyped future
        """Ask the workers to end, and stop listening.

        A worker closes its copy of the listening socket at once. Were ours open until the last
        has ended, connections would be accepted that nobody reads.
        """
        stopped = super().stop()
        for listening in self.sockets.values():
            if not listening.is_unix:  # the classifier asks its runner until the end
                listening.close()
        return stopped

    def _look_soon(self, *_: object) -> None:
        self.loop.add_callback_from_signal(self._look)

    def _look(self) -> None:
        ended = os.waitid(os.P_ALL, 0, ENDED)
        if ended:
            refused = ended.si_code == os.CLD_EXITED
            self.loop.call_later(PAUSE if refused else 0, self._replace)

    def _replace(self) -> None:
        try:
            self.manage_watchers()
        except ConflictError:
            self.loop.call_later(BUSY, self._replace)


def supervise() -> None:
    """Have BentoML, which is about to make its supervisor, make this one."""
    supervisor.Arbiter = WorkerSupervisor
