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
        self._first: tuple[float, float, int] | None = None

    def __call__(self, share: float, rows: int) -> None:
        """Write over the line; speed is that since the first call, before which others worked."""
        if not self._terminal.isatty():
            return
        now = self._clock()
        began, before, done = self._first = self._first or (now, share, rows)
        said = f"{share:4.0%}  {rows:,} rows"
        if share > before:
            left = (now - began) / (share - before) * (1 - share)
            said += f"  {(rows - done) / max(now - began, 1e-9):,.0f} rows/s  {left:.0f} s left"
        end = "\n" if share >= 1 else ""
        print(f"\r{said:<70}", end=end, file=self._terminal, flush=True)
