"""Has every decision in the log before it is answered.

Stands between the service and the scorer: gives each request its id, and each decision an entry
of the journal. Entries are put together by the journal's thread, from what the scorer has made
anyway.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple, cast

import numpy as np
from bentoml.exceptions import ServiceUnavailable

from audit_log.errors import LogWriteError
from audit_log.group_commit import Entries, GroupCommit
from audit_log.writer import Writer, utc_now
from credit_risk.decision import ArrayAssessment, Scorer
from credit_risk.decision.scorer import Fields
from credit_risk.decision_log.context import header
from credit_risk.decision_log.ids import new_id
from credit_risk.decision_log.redaction import Redaction
from credit_risk.decision_log.settings import Settings
from credit_risk.form import Application
from credit_risk.model import Rows
from credit_risk.registry import StoredModel
from lean_bento import AlreadyLoggedError, add_header, current, server_context

__all__ = ["ABOUT_DECISION_ID", "DECISION_ID", "DecisionNotLogged", "PendingDecision", "Recorder"]

DECISION_ID: Final = "X-Decision-Id"
"""Header of an answer."""

ABOUT_DECISION_ID: Final = (
    "Id of the decision in the log; of a batch or an array each row has its number after it: id/0."
)


class DecisionNotLogged(AlreadyLoggedError, ServiceUnavailable):  # noqa: N818  as BentoML names its own
    """An answer that must not be given, because it is not in the log."""


class PendingDecision(NamedTuple):
    """An application on its way.

    Attributes:
        id: of the decision.
        key: name of the API key that the request came with, if any.
        application: as received.
    """

    id: str
    key: str | None
    application: Application


class Recorder:
    """Decides with a scorer, and logs it."""

    def __init__(self, scorer: Scorer, journal: GroupCommit, redaction: Redaction) -> None:
        self._scorer = scorer
        self._journal = journal
        self._hiding = redaction if redaction.fields else None

    @classmethod
    def of(
        cls,
        scorer: Scorer,
        stored: StoredModel,
        settings: Settings,
    ) -> "Recorder":
        """Log the decisions of this worker, which has this model.

        Raises:
            BentoMLException: if the folder cannot be written; the message is one sentence.
        """
        settings.prepare()
        writer = Writer(
            settings.path,
            header(stored, settings.redaction),
            worker=server_context.worker_index or 1,
            max_file_size=settings.max_file_size,
        )
        return cls(scorer, GroupCommit(writer), settings.redaction)

    def accept(self, application: Application) -> PendingDecision:
        """Take in one application."""
        return PendingDecision(_name(decisions=1), _key_name(), application)

    def accept_rows(self, rows: Sequence[object]) -> list[PendingDecision]:
        """Take in the applications among the rows of a batch; a decision's id ends in its row."""
        places = [n for n, row in enumerate(rows) if isinstance(row, Application)]
        name, key = _name(len(places)), _key_name()
        return [PendingDecision(f"{name}/{n}", key, cast("Application", rows[n])) for n in places]

    async def assess(
        self, asked: Sequence[PendingDecision], *, reasons: bool = True
    ) -> list[Fields]:
        """Do what ``Scorer.assess`` does; log it."""
        rows = self._scorer.encoder.encode([each.application for each in asked])
        answers = await self._scorer.assess_encoded(rows, reasons=reasons)
        await self._log(self._of_applications(_now(), asked, rows, answers, reasons))
        return answers

    async def assess_rows(self, rows: Rows, *, reasons: bool = False) -> ArrayAssessment:
        """Do what ``Scorer.assess_rows`` does; log it."""
        name, key = _name(len(rows)), _key_name()
        answer = await self._scorer.assess_rows(rows, reasons=reasons)
        await self._log(self._of_rows(_now(), name, key, rows, answer))
        return answer

    async def can_log(self) -> bool:
        """Whether the log can be written, as far as is known; where it could not, try again."""
        if self._journal.problem is None:
            return True
        try:
            await self._journal.write(())
        except LogWriteError:
            return False
        return True

    async def close(self) -> None:
        """End the log."""
        await self._journal.close()

    async def _log(self, entries: Entries) -> None:
        try:
            await self._journal.write(entries)
        except LogWriteError as error:
            raise DecisionNotLogged(str(error)) from None

    def _of_applications(
        self,
        time: str,
        asked: Sequence[PendingDecision],
        rows: Rows,
        answers: list[Fields],
        with_reasons: bool,  # noqa: FBT001  of the request
    ) -> Iterable[Fields]:
        for each, row, answer in zip(asked, rows, answers, strict=True):
            application = vars(each.application)
            yield {
                "decided_at": time,
                "id": each.id,
                "key": each.key,
                "application": self._hiding.application(application)
                if self._hiding
                else application,
                **self._of_decision(
                    row,
                    answer["default_probability"],
                    answer["status"],
                    answer["reasons"] if with_reasons else None,
                ),
            }

    def _of_rows(
        self, time: str, name: str, key: str | None, rows: Rows, answer: ArrayAssessment
    ) -> Iterable[Fields]:
        reasons: list[Any] = answer.reasons or [None] * len(rows)
        for number, (row, probability, status, why) in enumerate(
            zip(rows, answer.default_probability, answer.status, reasons, strict=True)
        ):
            values = row.tolist()
            yield {
                "decided_at": time,
                "id": f"{name}/{number}",
                "key": key,
                "row": self._hiding.row(values) if self._hiding else values,
                **self._of_decision(row, probability, status, why),
            }

    def _of_decision(
        self, row: np.ndarray, probability: float, status: str, reasons: list[Fields] | None
    ) -> Fields:
        redaction = self._hiding
        return {
            "row_sha256": None if redaction else sha256(row.data).hexdigest(),
            "probability": probability,
            "status": status,
            "reasons": redaction.reasons(reasons) if redaction and reasons else reasons,
        }


def _name(decisions: int) -> str:
    """Name a request, and say so in its answer if there is anything to find under that name."""
    name = new_id()
    if decisions:
        add_header(DECISION_ID, name)
    return name


def _key_name() -> str | None:
    context = current()
    return context.key_name if context else None


def _now() -> str:
    return utc_now().isoformat(timespec="microseconds")
