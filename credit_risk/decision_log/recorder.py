"""Log each decision before it is answered.

A recorder stands between the service and the scorer. It gives each request an id, and each
decision an entry of the log, which the log's thread puts together.
"""

import logging
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from itertools import repeat
from shutil import disk_usage
from time import time_ns
from typing import Any, Final, NamedTuple

from bentoml.exceptions import ServiceUnavailable
from pydantic import ValidationError

from audit_log import Fields, GroupCommit, LogWriteError, LogWriter
from credit_risk.decision import ArrayAssessment, Scorer
from credit_risk.decision_log.metrics import log_series
from credit_risk.decision_log.redaction import Redaction
from credit_risk.decision_log.settings import DecisionLogSettings
from credit_risk.model import Rows
from credit_risk.registry import StoredModel
from lean_bento import AlreadyLoggedError, add_header, current, server_context

logger = logging.getLogger("bentoml.decisions")  # below BentoML's, which prints it

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
    application: object


class Recorder:
    """Decides with a scorer, and logs it; raises ``DecisionNotLogged`` where it cannot."""

    def __init__(self, scorer: Scorer, writer: LogWriter, redaction: Redaction) -> None:
        self._scorer = scorer
        self._series = log_series()
        self._folder = writer.folder
        writer.on_sync = self._series.seconds.observe
        self._log = GroupCommit(writer, on_change=_report)
        self._redact = redaction.entry if redaction.fields else None

    @classmethod
    def of(cls, scorer: Scorer, stored: StoredModel, settings: DecisionLogSettings) -> "Recorder":
        """Log the decisions of this worker, which has this model.

        Raises:
            BentoMLException: if the folder cannot be written; the message is one sentence.
        """
        settings.prepare()
        writer = settings.writer(stored, worker=server_context.worker_index or 1)
        return cls(scorer, writer, settings.redaction(stored.form))

    def accept(self, application: object) -> PendingDecision:
        """Take in one application."""
        return PendingDecision(*_begin_request(), application)

    def accept_rows(self, rows: Sequence[object]) -> list[PendingDecision]:
        """Take in the applications among the rows of a batch; a decision's id ends in its row."""
        places = [n for n, row in enumerate(rows) if not isinstance(row, ValidationError)]
        name, key = _begin_request(len(places))
        return [PendingDecision(f"{name}/{n}", key, rows[n]) for n in places]

    async def assess(
        self, pending: Sequence[PendingDecision], *, language: str | None = None
    ) -> list[Fields]:
        """Do what ``Scorer.assess`` does, and log it."""
        sent = [each.application for each in pending]
        rows = self._scorer.encoder.encode(sent)
        answers = await self._scorer.assess_encoded(rows, language=language, sent=sent)
        inputs = ((each.id, each.key, vars(each.application)) for each in pending)
        outputs = (
            (each["default_probability"], each["status"], each["reasons"] if language else None)
            for each in answers
        )
        await self._write("application", inputs, rows, outputs)
        return answers

    async def assess_rows(self, rows: Rows, *, language: str | None = None) -> ArrayAssessment:
        """Do what ``Scorer.assess_rows`` does, and log it."""
        name, key = _begin_request(len(rows))
        answer = await self._scorer.assess_rows(rows, language=language)
        inputs = ((f"{name}/{n}", key, row.tolist()) for n, row in enumerate(rows))
        why = answer.reasons or repeat(None, len(rows))
        outputs = zip(answer.default_probability, answer.status, why, strict=True)
        await self._write("row", inputs, rows, outputs)
        return answer

    async def can_log(self) -> bool:
        """Tell whether the log can be written; where it could not the last time, try again."""
        if self._log.problem is not None:
            with suppress(LogWriteError):
                await self._log.append(())
        with suppress(OSError):
            self._series.free.set(disk_usage(self._folder).free)
        return self._log.problem is None

    async def close(self) -> None:
        """End the log."""
        await self._log.close()

    async def _write(
        self, kind: str, inputs: Iterable[Any], rows: Rows, outputs: Iterable[Any]
    ) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        entries = (
            {
                "decided_at": now,
                "id": name,
                "key": key,
                kind: given,
                "row_sha256": sha256(row).hexdigest(),
                "probability": probability,
                "status": status,
                "reasons": reasons,
            }
            for (name, key, given), row, (probability, status, reasons) in zip(
                inputs, rows, outputs, strict=True
            )
        )
        try:
            await self._log.append(map(self._redact, entries) if self._redact else entries)
        except LogWriteError as error:
            self._series.failures.inc()
            raise DecisionNotLogged(str(error)) from None


def _begin_request(decisions: int = 1) -> tuple[str, str | None]:
    """Give a request an id, which its answer has if there are decisions to find under it.

    Returns:
        The id (a UUID of version 7, RFC 9562: milliseconds since 1970 and 74 random bits), and
        the name of the API key that the request came with.
    """
    digits = ((time_ns() // 1_000_000).to_bytes(6) + os.urandom(10)).hex()
    variant = "89ab"[int(digits[16], 16) % 4]
    name = f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
    if decisions:
        add_header(DECISION_ID, name)
    context = current()
    return name, context.key_name if context else None


def _report(problem: Exception | None) -> None:
    if problem:
        trace = None if isinstance(problem, OSError) else problem
        logger.error("Decisions cannot be logged and are refused: %s", problem, exc_info=trace)
    else:
        logger.warning("Decisions can be logged again")
