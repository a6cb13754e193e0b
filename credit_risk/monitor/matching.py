"""Decisions of a log and what became of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from audit_log import Progress, checked_content, read_on
from credit_risk.decision_log import DECISIONS
from credit_risk.errors import UsageError
from credit_risk.form import REFERENCE
from credit_risk.monitor.models import has_own_policy
from credit_risk.monitor.outcome_file import Became, OutcomeFile
from credit_risk.registry import ModelCard


class Loan(NamedTuple):
    """A decision with its outcome.

    Attributes:
        probability: of default, as decided.
        status: outcome of the policy.
        decided: day of the decision, UTC.
        defaulted: whether the loan ended in default.
        known: day on which that was known.
        override: decision of a person, where the policy's was another; empty without one.
    """

    probability: float
    status: str
    decided: date
    defaulted: bool
    known: date
    override: str

    @property
    def month(self) -> str:
        """Month of the decision, such as 2026-05."""
        return f"{self.decided:%Y-%m}"

    @property
    def months_on_book(self) -> int:
        """Whole months from the decision to the outcome."""
        months = 12 * (self.known.year - self.decided.year) + self.known.month - self.decided.month
        return months - (self.known.day < self.decided.day)


@dataclass
class Matched:
    """Loans of one model, and what could not be used.

    Attributes:
        loans: with an outcome that is known.
        open: number of outcomes that are not known yet.
        others: number of outcomes of decisions by other models, by tag.
        refused: lines of the file that cannot be used, and why.
        own_policy: whether the model's own policy decided on all loans.
    """

    loans: list[Loan] = field(default_factory=list)
    open: int = 0
    others: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    own_policy: bool = True


class _Decision(NamedTuple):
    decided_at: str
    model: str
    probability: float
    status: str
    own_policy: bool


def match(
    log: Path, found: OutcomeFile, card: ModelCard, progress: Progress = lambda _: None
) -> Matched:
    """Find the decision of each outcome.

    Of several decisions on one reference the latest counts.

    Args:
        log: a file, or the folder of a log, which is checked.
        found: outcomes.
        card: of the model whose loans are wanted.
        progress: as of ``read_on``.

    Raises:
        BrokenLogError: if the log is not as it was written.
        UsageError: if the log has not kept the reference.
    """
    decisions = _decisions(log, found, card, progress)
    matched = Matched()
    unfit: list[tuple[int, str]] = []
    for name, became in found.became.items():
        decision = decisions.get(name)
        problem = _problem(name, became, decision)
        if decision is None or problem:
            unfit.append((became.line, f"line {became.line}: {problem}"))
        elif decision.model != card.model:
            matched.others[decision.model] += 1
        elif became.defaulted is None:
            matched.open += 1
        else:
            day = _day(decision)
            matched.loans.append(
                Loan(
                    *(decision.probability, decision.status, day),
                    *(became.defaulted, became.date, became.override),
                )
            )
            matched.own_policy &= decision.own_policy
    matched.refused = [*found.refused, *(said for _, said in sorted(unfit))]
    return matched


def _decisions(
    log: Path, found: OutcomeFile, card: ModelCard, progress: Progress
) -> dict[str, _Decision]:
    decisions: dict[str, _Decision] = {}
    for file in read_on(log, DECISIONS, {}, progress):
        header = file.header
        with checked_content(header, DECISIONS):
            own = has_own_policy(header, card)
            if found.by_reference and REFERENCE in {*header["left_out"], *header["hashed"]}:
                msg = (
                    f"found a log that keeps no {REFERENCE}, expected outcomes by the decision's id"
                )
                raise UsageError(msg)
            for part in file.entries():
                for entry in part:
                    given = entry.get("application") or {}
                    name = given.get(REFERENCE) if found.by_reference else entry["id"]
                    if name in found.became:
                        before = decisions.get(name)
                        if before is None or before.decided_at <= entry["decided_at"]:
                            decisions[name] = _Decision(
                                *(entry["decided_at"], header["model"], entry["probability"]),
                                *(entry["status"], own),
                            )
    return decisions


def _problem(name: str, became: Became, decision: _Decision | None) -> str | None:
    if decision is None:
        return f"found {name[:100]!r}, expected one of a decision in the log"
    if became.date < (day := _day(decision)):
        return f"found the date {became.date}, expected none before the decision's, {day}"
    return None


def _day(decision: _Decision) -> date:
    return datetime.fromisoformat(decision.decided_at).astimezone(UTC).date()
