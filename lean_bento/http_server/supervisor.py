"""The worker supervisor of the first process.

BentoML's supervisor looks at the workers every ten seconds by the wall clock, inside a container
never replaces one, and holds the listening socket until the last has ended. This one replaces a
worker as soon as it is dead, and lets no client queue behind workers that are ending. BentoML has
no setting for either, so this is a subclass of its ``Arbiter``, which is circus's.
"""

import os
import signal
from typing import Any, Final

from bentoml._internal.utils import circus as supervisor
from circus.exc import ConflictError

from lean_bento.bentoml_internals import check

__all__ = ["WorkerSupervisor"]

REFUSAL_PAUSE: Final = 10
"""Seconds before a worker that ended of its own accord is replaced; as often as BentoML looks."""

RETRY_INTERVAL: Final = 0.1
"""Seconds until the next try while workers are being started or stopped."""

ENDED_CHILD: Final = os.WEXITED | os.WNOHANG | os.WNOWAIT
"""Ask for a child that has ended, don't wait for one, and leave it to circus."""


check(
    "kantoku",
    {
        supervisor.Arbiter: "manage_watchers start stop",
        supervisor.Arbiter.__mro__[1].__init__: "sockets loop",
    },
)


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
        ended = os.waitid(os.P_ALL, 0, ENDED_CHILD)
        if ended:
            refused = ended.si_code == os.CLD_EXITED
            self.loop.call_later(REFUSAL_PAUSE if refused else 0, self._replace)

    def _replace(self) -> None:
        try:
            self.manage_watchers()
        except ConflictError:
            self.loop.call_later(RETRY_INTERVAL, self._replace)

    @classmethod
    def install(cls) -> None:
        """Replace BentoML's supervisor, before it makes one."""
        supervisor.Arbiter = cls
