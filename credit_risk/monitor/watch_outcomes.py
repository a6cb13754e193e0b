"""Outcomes of a log's loans, as text, as JSON and as a page."""

from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from credit_risk.errors import UsageError
from credit_risk.monitor.matching import Matched, match
from credit_risk.monitor.models import headers_of, load_model, newest_of
from credit_risk.monitor.outcome_file import read_outcomes
from credit_risk.monitor.outcomes import Judged, judge
from credit_risk.pages import fill
from credit_risk.registry import ModelCard
from credit_risk.terminal import show_share

TEMPLATE: Final = Path(__file__).with_name("outcomes.html")
SHOWN: Final = 5
"""Refused lines that are said; the others are counted."""


@dataclass(frozen=True)
class Outcomes:
    """What outcomes say of a model.

    Attributes:
        card: of the model.
        matched: its loans.
        judged: what they say.
    """

    card: ModelCard
    matched: Matched
    judged: Judged

    def as_dict(self) -> dict[str, Any]:
        """Return all of it for JSON, which has no NaN: null stands for it."""
        judged = self.judged
        values = {
            "model": self.card.model,
            "loans": len(self.matched.loans),
            "refused": self.matched.refused,
            "alarms": judged.alarms,
            "watched": judged.watched,
            **asdict(judged),
        }
        found: dict[str, Any] = _plain(values)
        return found


def watch(log: Path, outcomes: Path, model: str | None) -> Outcomes:
    """Match outcomes with the decisions of a log, and judge them.

    Args:
        log: its folder, or a file of it.
        outcomes: CSV.
        model: tag of the model to judge; None for that of the newest file.

    Raises:
        BrokenLogError: if the log is not as it was written.
        UsageError: if no outcome is of a decision by the model.
    """
    stored = load_model(model or newest_of(headers_of(log)))
    found = read_outcomes(outcomes, stored.form.outcome)
    matched = match(log, found, stored.card, show_share)
    if not matched.loans:
        why = f"; {matched.refused[0]}" if matched.refused else ""
        other = next(iter(matched.others), None)
        why = f"; they are of {other}: add --model {other}" if other else why
        msg = f"{outcomes.name[:100]}: found no outcome of a decision by {stored.card.model}{why}"
        raise UsageError(msg)
    return Outcomes(stored.card, matched, judge(matched, stored.card))


def as_text(found: Outcomes) -> str:
    """Write what a terminal shows."""
    judged = found.judged
    lines = [f"{len(found.matched.loans):,} loans decided by {found.card.model}"]
    lines.append(f"{'':<12}{'loans':>8}{'predicted':>11}{'observed':>10}{'interval':>16}{'AUC':>7}")
    for each in judged.bands:
        of, auc = each.calibration, each.ranking.auc
        interval = f"{of.interval[0]:.1%} to {of.interval[1]:.1%}"
        line = f"{each.status:<12}{of.rows:>8,}{of.predicted:>11.1%}{of.observed:>10.1%}"
        line += f"{interval:>16}{'' if isnan(auc) else f'{auc:7.3f}'}"
        reference = each.ranking.reference
        lines.append(line + ("" if isnan(reference) else f" ({reference:.3f} at training)"))
    lines += [f"alarm: {name}, p = {judged.tests[name]:.2g}" for name in judged.alarms]
    lines += [f"watch: {name}, p = {judged.tests[name]:.2g}" for name in judged.watched]
    lines += [] if judged.alarms or judged.watched else ["as predicted"]
    lines += judged.notes
    if refused := found.matched.refused:
        more = f", and {len(refused) - SHOWN:,} more" if len(refused) > SHOWN else ""
        count = "1 line" if len(refused) == 1 else f"{len(refused):,} lines"
        lines.append(f"{count} refused: {'; '.join(refused[:SHOWN])}{more}")
    return "\n".join(lines)


def as_page(found: Outcomes) -> str:
    """Write the report."""
    return fill(TEMPLATE, vars(found) | {"shown": SHOWN})


def _plain(value: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(value, BaseModel):
        return _plain(value.model_dump())
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and isnan(value) else value
