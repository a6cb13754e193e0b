"""The calls of the service as steps: requests to send and times to wait.

A client sends what it is given, gives back each response, and knows nothing else. No connection is
opened here, and time is what ``clock`` tells.
"""

import random
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from credit_risk.client.answers import (
    JSON,
    SENT_AGAIN,
    ArrayDecisions,
    Decision,
    RefusedError,
    ServiceError,
    add_rows,
    decision_id_of,
    decision_of,
    decision_or_error,
    error_of,
    row_ids,
    seconds_to_wait,
)
from credit_risk.client.tables import (
    Frame,
    Table,
    chunks_of,
    frame_of,
    is_data_frame,
    to_json,
)

if TYPE_CHECKING:
    import httpx
    from numpy.typing import ArrayLike

NPY: Final = "application/x-npy"
MAX_JITTER: Final = 8.0
"""Seconds; it doubles from 1 with each attempt."""

_FLAG: Final = {True: "true", False: "false"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """A request to send; ``timeout`` is what is left of the time, in seconds."""

    method: str
    url: str
    params: dict[str, str]
    headers: dict[str, str]
    content: bytes | None
    timeout: float


@dataclass(frozen=True, slots=True)
class Wait:
    """A time to wait, in seconds."""

    seconds: float


Steps: TypeAlias = Generator[Send | Wait, Any, T]
"""Is sent the response to each ``Send``, and returns the result of the call."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls.

    Attributes:
        deadline: seconds until a request is given up, all its attempts together.
        clock: tells seconds.
        jitter: gives a number from 0 to 1, another one each time.
    """

    deadline: float
    clock: Callable[[], float]
    jitter: Callable[[], float] = random.random

    def classify(self, application: Mapping[str, Any], language: str | None) -> Steps[Decision]:
        """Decide on one application."""
        response = yield from self._ask("/classify", to_json(application), language=language)
        return decision_of(response.json(), decision_id_of(response))

    def classify_many(
        self, applications: Table, rows: int, *, reasons: bool, language: str | None
    ) -> Steps[list[Decision | RefusedError] | Frame]:
        """Decide on many, ``rows`` at a time."""
        answers: list[Decision | RefusedError] = []
        for chunk in chunks_of(applications, rows):
            with _naming_rows(len(answers)):
                response = yield from self._ask(
                    "/classify_batch", to_json(chunk), reasons=_FLAG[reasons], language=language
                )
            ids = row_ids(response, len(chunk))
            answers += map(decision_or_error, response.json(), ids)
        return frame_of(answers, applications.index) if is_data_frame(applications) else answers

    def classify_array(
        self, array: "ArrayLike", rows: int, *, reasons: bool, language: str | None
    ) -> Steps[ArrayDecisions]:
        """Decide on encoded applications, ``rows`` at a time."""
        import numpy as np  # noqa: PLC0415  who has an array has loaded it

        numbers, answer = np.asarray(array, np.float32), ArrayDecisions()
        for start in range(0, len(numbers), rows):
            np.save(file := BytesIO(), numbers[start : start + rows])
            with _naming_rows(start):
                response = yield from self._ask(
                    *("/classify_array", file.getvalue(), NPY),
                    reasons=_FLAG[reasons],
                    language=language,
                )
            add_rows(answer, response)
        return answer

    def model(self) -> Steps[dict[str, Any]]:
        """Get the model card."""
        response = yield from self._ask("/model")
        card: dict[str, Any] = response.json()
        return card

    def _ask(
        self, url: str, content: bytes | None = None, media_type: str = JSON, **query: str | None
    ) -> Generator[Send | Wait, "httpx.Response", "httpx.Response"]:
        """Ask until the answer is 200; again after 429 and 503 only.

        Raises:
            ServiceError: if it is another one, or there is no time left.
        """
        params = {name: value for name, value in query.items() if value is not None}
        method, headers = "POST", {"Content-Type": media_type}
        if content is None:
            method, headers = "GET", {}
        end = self.clock() + self.deadline
        for attempt in count():
            left = end - self.clock()
            response = yield Send(method, url, params, headers, content, left)
            if (error := error_of(response)) is None:
                break
            seconds = seconds_to_wait(response) + self.jitter() * min(2.0**attempt, MAX_JITTER)
            if response.status_code not in SENT_AGAIN or self.clock() + seconds >= end:
                raise error
            yield Wait(seconds)
        return response


@contextmanager
def _naming_rows(first: int) -> Iterator[None]:
    """Say with an error which request of several it is about."""
    try:
        yield
    except ServiceError as error:
        error.add_note(f"The request began with row {first}, the first being row 0.")
        raise
