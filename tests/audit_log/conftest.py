"""A log of payments, and the clock of those who write it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_log import LogKind, LogWriter

PAYMENTS = LogKind(entry="payment", prefix="payments", time_field="paid_at")


class Clock:
    """Goes on by a microsecond each time that it is read."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


@pytest.fixture
def kind() -> LogKind:
    return PAYMENTS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def begin(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., LogWriter]]:
    """Begin to write to the same folder, as another process would."""
    writers = []

    def begin(
        worker: int = 1, max_file_size: int = 10**6, folder: Path = tmp_path, **header: Any
    ) -> LogWriter:
        writer = LogWriter(
            folder, header, kind=PAYMENTS, worker=worker, max_file_size=max_file_size, now=clock
        )
        writers.append(writer)
        return writer

    yield begin
    for writer in writers:
        writer.close()
