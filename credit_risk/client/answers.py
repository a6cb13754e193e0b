"""What a call returns or raises."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from credit_risk.errors import CreditRiskError

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
        super().__init__(sentence, status_code, detail := list(detail))
        self.status_code = status_code
        self.detail = detail

    def __str__(self) -> str:
        return str(self.args[0])

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
    """

    status: str
    default_probability: float
    reasons: list[Reason]
    model: str
    decision_id: str | None


@dataclass(frozen=True, slots=True)
class ArrayDecisions:
    """The decisions on the rows of an array, each attribute of a ``Decision`` as a list."""

    status: list[str] = field(default_factory=list)
    default_probability: list[float] = field(default_factory=list)
    reasons: list[list[Reason] | None] = field(default_factory=list)
    model: list[str] = field(default_factory=list)
    decision_id: list[str | None] = field(default_factory=list)
