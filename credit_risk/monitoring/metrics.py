"""Metrics of decisions: what is seen now is counted a moment later, all of it together.

A tenth of a second of requests costs hardly more to count than one request. So answers do not wait
for it, and what a worker counts in is that old at most when it is killed.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, Self

from credit_risk.decision import Scorer
from credit_risk.monitoring.series import DecisionSeries, Refusal
from credit_risk.registry import StoredModel

DELAY: Final = 0.1
"""Seconds until what was seen is counted."""


class DecisionMetrics:
    """Counts what one worker decides; without series it counts nothing."""

    def __init__(self, series: DecisionSeries | None) -> None:
        self._series = series
        self._timer: asyncio.TimerHandle | None = None
        self._decided: list[tuple[Any, ...]] = []
        self._answered: list[tuple[str, Sequence[str]]] = []
        self._refused: list[Refusal] = []

    @classmethod
    def of(cls, stored: StoredModel, *, enabled: bool) -> Self:
        """Count decisions by a model, in the bins of its reference, if that is enabled."""
        return cls(DecisionSeries(stored) if enabled else None)

    def watch(self, scorer: Scorer) -> Scorer:
        """Return a scorer whose decisions count."""
        return replace(scorer, observe=self._observe) if self._series else scorer

    def count(self, endpoint: str, statuses: Sequence[str]) -> None:
        """Count the answer to a request: what was decided on its good rows."""
        if self._series:
            self._answered.append((endpoint, statuses))
            self._write_soon()

    def refuse(self, refused: Iterable[Refusal]) -> None:
        """Count rows that validation refused."""
        if self._series:
            self._refused.extend(refused)
            self._write_soon()

    def write(self) -> None:
        """Count now; what was refused in several goes, since explaining a row takes a while."""
        self._timer = None
        if self._series is None:
            return
        if self._decided:
            self._series.add_decided(*zip(*self._decided, strict=True))
            self._decided = []
        self._series.add_answered(self._answered)
        self._answered = []
        rest = self._series.add_refused(self._refused)
        self._refused = rest
        if rest:
            self._write_soon()

    def _observe(self, *decided: Any) -> None:  # noqa: ANN401  as Observe says
        self._decided.append(decided)
        self._write_soon()

    def _write_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self.write)
