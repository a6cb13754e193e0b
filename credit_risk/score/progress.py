"""How far a run is, on a terminal."""

import sys
import time
from collections.abc import Callable
from typing import TextIO


class Progress:
    """Says on a terminal how far a run is; nothing without one."""

    def __init__(
        self, terminal: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._terminal, self._clock = terminal, clock
        self._began = clock()
        self._before: tuple[float, int] | None = None

    def __call__(self, share: float, rows: int) -> None:
        """Write over the line; what was done before the first call took another run's time."""
        before, done = self._before = self._before or (share, rows)
        if not self._terminal.isatty():
            return
        took = self._clock() - self._began
        left = took / (share - before) * (1 - share) if share > before else 0
        speed = (rows - done) / max(took, 1e-9)
        said = f"{share:4.0%}  {rows:,} rows  {speed:,.0f} rows/s  {left:.0f} s left"
        end = "\n" if share >= 1 else ""
        print(f"\r{said:<70}", end=end, file=self._terminal, flush=True)
