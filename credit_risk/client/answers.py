"""What a call returns or raises, and how that is read off a response."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from credit_risk.errors import CreditRiskError

if TYPE_CHECKING:
    import httpx

JSON: Final = "application/json"
SENT_AGAIN: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}

Reason: TypeAlias = dict[str, Any]
"""With ``code``, ``field``, ``message``, ``analyst`` and ``contribution``."""


class ServiceError(CreditRiskError):
    """The service did not decide; the message is its own sentence.

    Attributes:
        status_code: of HTTP; None where no answer came.
        detail: each problem, with ``field``, ``message`` and ``expected``.
    """

    def __init__(
        self,
        sentence: str,
        status_code: int | None = None,
        detail: Iterable[dict[str, Any]] = (),
    ) -> None:
        super().__init__(sentence)
        self.status_code = status_code
        self.detail = list(detail)

    @property
    def fields(self) -> list[str]:
        """Names of the fields that are not valid."""
        return [each["field"] for each in self.detail if each["field"]]


class RefusedError(ServiceError):
    """A request, or one application of many, is not valid or not allowed; mend it."""


class UnavailableError(ServiceError):
    """The service was not reached, or had no room until the deadline; ask again later."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on one application.

    Attributes:
        status: an outcome of the policy, such as APPROVED.
        default_probability: 0 to 1.
        reasons: at most four, the strongest first.
        model: tag of the model that decided.
        decision_id: id in the decision log; None where the service keeps none.
        reference: of the application; None if it has none.
    """

    status: str
    default_probability: float
    reasons: list[Reason]
    model: str
    decision_id: str | None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class ArrayDecisions:
    """The decisions on the rows of an array, each attribute of a ``Decision`` as a list."""

    status: list[str] = field(default_factory=list)
    default_probability: list[float] = field(default_factory=list)
    reasons: list[list[Reason] | None] = field(default_factory=list)
    model: list[str] = field(default_factory=list)
    decision_id: list[str | None] = field(default_factory=list)


def error_of(response: "httpx.Response") -> ServiceError | None:
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
    elif str(status).startswith("4"):
        kind = RefusedError
    return kind(found["error"], status, found.get("detail", ()))


def seconds_to_wait(response: "httpx.Response") -> float:
    """Read the seconds to wait, also until a date; 1 where the answer says neither."""
    found = response.headers.get("retry-after", "")
    if found.isdecimal():
        return float(found)
    if (end := _date_of(found)) is None:
        return 1.0
    # between two times of the service, since the clock here may tell another one
    now = _date_of(response.headers.get("date", "")) or datetime.now(UTC)
    return max((end - now).total_seconds(), 0.0)


def _date_of(text: str) -> datetime | None:
    """Read a date of HTTP, which is always one of UTC."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  few answers have a date

    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def decision_id_of(response: "httpx.Response") -> str | None:
    """Read the id of a decision, or of a request with several."""
    found: str | None = response.headers.get("x-decision-id")
    return found


def row_ids(response: "httpx.Response", rows: int) -> list[str | None]:
    """Make the id of the decision on each row of a request."""
    name = decision_id_of(response)
    return [name and f"{name}/{row}" for row in range(rows)]


def decision_of(found: dict[str, Any], decision_id: str | None) -> Decision:
    """Make a decision of its JSON."""
    return Decision(
        status=found["status"],
        default_probability=found["default_probability"],
        reasons=found["reasons"],
        model=found["model"],
        decision_id=decision_id,
        reference=found.get("reference"),
    )


def decision_or_error(found: dict[str, Any], decision_id: str | None) -> Decision | RefusedError:
    """Make what stands in the place of a row."""
    if "error" in found:
        return RefusedError(found["error"], HTTPStatus.BAD_REQUEST, found["detail"])
    return decision_of(found, decision_id)


def add_rows(answer: ArrayDecisions, response: "httpx.Response") -> None:
    """Add the rows of a response."""
    found = response.json()
    rows = len(found["status"])
    answer.status.extend(found["status"])
    answer.default_probability.extend(found["default_probability"])
    answer.reasons.extend(found.get("reasons") or [None] * rows)
    answer.model.extend([found["model"]] * rows)
    answer.decision_id.extend(row_ids(response, rows))
