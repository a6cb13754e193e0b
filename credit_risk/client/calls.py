"""The calls of the service as steps: requests to send and times to wait.

A client sends what it is given, gives back each response, and knows nothing else. No connection is
opened here, and time is what ``clock`` tells.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from credit_risk.client.answers import (
    ArrayDecisions,
    Decision,
    RefusedError,
    ServiceError,
    UnavailableError,
)
from credit_risk.client.tables import chunks_of, frame_of, is_data_frame, to_json

if TYPE_CHECKING:
    import httpx

JSON: Final = "application/json"
NPY: Final = "application/x-npy"
SENT_AGAIN: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
MAX_JITTER: Final = 8.0
"""Seconds; it doubles from 1 with each attempt."""

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
    jitter: Callable[[], float]

    def classify(self, application: Mapping[str, Any], language: str | None) -> Steps[Decision]:
        """Decide on one application."""
        response = yield from self._ask(
            "POST", "/classify", to_json(application), language=language
        )
        return _decision(response.json(), _decision_id(response))

    def classify_many(
        self, applications: Any, rows: int, *, reasons: bool, language: str | None
    ) -> Steps[Any]:
        """Decide on many, ``rows`` at a time."""
        answers: list[Decision | RefusedError] = []
        for chunk in chunks_of(applications, rows):
            with _naming_rows(len(answers)):
                response = yield from self._ask(
                    "POST", "/classify_batch", to_json(chunk), reasons=reasons, language=language
                )
            ids = _row_ids(response, len(chunk))
            answers += map(_decision_or_error, response.json(), ids)
        return frame_of(answers, applications.index) if is_data_frame(applications) else answers

    def classify_array(
        self, array: Any, rows: int, *, reasons: bool, language: str | None
    ) -> Steps[ArrayDecisions]:
        """Decide on encoded applications, ``rows`` at a time."""
        import numpy as np  # noqa: PLC0415  who has an array has loaded it

        array, answer = np.asarray(array, np.float32), ArrayDecisions()
        for start in range(0, len(array), rows):
            np.save(file := BytesIO(), array[start : start + rows])
            with _naming_rows(start):
                response = yield from self._ask(
                    *("POST", "/classify_array", file.getvalue(), NPY),
                    reasons=reasons,
                    language=language,
                )
            _add(answer, response)
        return answer

    def model(self) -> Steps[dict[str, Any]]:
        """Get the model card."""
        response = yield from self._ask("GET", "/model")
        card: dict[str, Any] = response.json()
        return card

    def _ask(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        media_type: str = JSON,
        *,
        reasons: bool | None = None,
        language: str | None = None,
    ) -> Steps["httpx.Response"]:
        """Ask until the answer is 200; again after 429 and 503 only.

        Raises:
            ServiceError: if it is another one, or there is no time left.
        """
        params = {} if reasons is None else {"reasons": str(reasons).lower()}
        params |= {} if language is None else {"language": language}
        headers = {} if content is None else {"Content-Type": media_type}
        end = self.clock() + self.deadline
        for attempt in count():
            left = end - self.clock()
            response = yield Send(method, url, params, headers, content, left)
            if (error := _error(response)) is None:
                break
            seconds = _retry_after(response) + self.jitter() * min(2.0**attempt, MAX_JITTER)
            if response.status_code not in SENT_AGAIN or self.clock() + seconds >= end:
                raise error
            yield Wait(seconds)
        return response


def _error(response: "httpx.Response") -> ServiceError | None:
    """Make an error of an answer, unless it is 200 and JSON."""
    status = response.status_code
    is_json = response.headers.get("content-type", "").startswith(JSON)
    if is_json and status == HTTPStatus.OK:
        return None
    found = response.json() if is_json else None
    if not isinstance(found, dict) or "error" not in found:
        sentence = f"{response.url}: found an answer {status}, expected one of the service"
        found = {"error": f"{sentence}; look at the address."}
    kind = ServiceError
    if status in SENT_AGAIN:
        kind = UnavailableError
    elif HTTPStatus(status).is_client_error:
        kind = RefusedError
    return kind(found["error"], status, found.get("detail", ()))


def _retry_after(response: "httpx.Response") -> float:
    """Read the seconds to wait; 1 where the answer does not say so in seconds."""
    found = response.headers.get("retry-after", "")
    return float(found) if found.isdecimal() else 1.0


def _decision_id(response: "httpx.Response") -> str | None:
    found: str | None = response.headers.get("x-decision-id")
    return found


def _row_ids(response: "httpx.Response", rows: int) -> list[str | None]:
    name = _decision_id(response)
    return [name and f"{name}/{row}" for row in range(rows)]


def _decision(found: dict[str, Any], decision_id: str | None) -> Decision:
    return Decision(
        status=found["status"],
        default_probability=found["default_probability"],
        reasons=found["reasons"],
        model=found["model"],
        decision_id=decision_id,
    )


def _decision_or_error(found: dict[str, Any], decision_id: str | None) -> Decision | RefusedError:
    if "error" in found:
        return RefusedError(found["error"], HTTPStatus.BAD_REQUEST, found["detail"])
    return _decision(found, decision_id)


def _add(answer: ArrayDecisions, response: "httpx.Response") -> None:
    found = response.json()
    rows = len(found["status"])
    answer.status.extend(found["status"])
    answer.default_probability.extend(found["default_probability"])
    answer.reasons.extend(found.get("reasons") or [None] * rows)
    answer.model.extend([found["model"]] * rows)
    answer.decision_id.extend(_row_ids(response, rows))


@contextmanager
def _naming_rows(first: int) -> Iterator[None]:
    """Say with an error which request of several it is about."""
    try:
        yield
    except ServiceError as error:
        error.add_note(f"The request began with row {first}, the first being row 0.")
        raise
