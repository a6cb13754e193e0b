"""Drift of a log or of a scored table, as text, as JSON and as a page."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from audit_log import Fields
from credit_risk.errors import UsageError
from credit_risk.monitor.counts import Counts, count_log
from credit_risk.monitor.drift import Before, Drift, measure
from credit_risk.monitor.models import has_own_policy, headers_of, load_model, newest_of
from credit_risk.monitoring import DECISION, Bins, Reference, read_reference
from credit_risk.pages import fill
from credit_risk.registry import ModelCard
from credit_risk.terminal import show_share

TEMPLATE: Final = Path(__file__).with_name("drift.html")
OTHER_POLICY: Final = "another policy than the model's own decided"
TABLES: Final = (".csv", ".parquet", ".xlsx")
"""What the name of a scored table ends in; anything else is a log."""
CHANGED: Final = 3
"""Reasons that a terminal shows."""


@dataclass(frozen=True)
class Watched:
    """What was found.

    Attributes:
        model: tag of the model that decided.
        reference: of the model.
        first: day of the first decision; None of a table, which has no days.
        last: of the last one.
        drift: of the decisions.
    """

    model: str
    reference: Reference
    first: date | None
    last: date | None
    drift: Drift

    @property
    def alerts(self) -> dict[str, Any]:
        """What has drifted."""
        return {**self.drift.alerts}

    @property
    def period(self) -> str:
        """From when to when, as it follows a number of decisions."""
        return f" from {self.first} to {self.last}" if self.first else ""

    def as_dict(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {
            "model": self.model,
            "from": self.first and str(self.first),
            "to": self.last and str(self.last),
            "alerts": {name: each.level for name, each in self.drift.alerts.items()},
            **asdict(self.drift),
        }


def watch(path: Path, window: timedelta, model: str | None) -> Watched:
    """Measure the drift of a log's latest decisions, or of a table of answers.

    Args:
        path: folder of a log, a file of it, or a table with its manifest.
        window: up to the day of the latest decision; a table is measured whole.
        model: tag of the one whose decisions are measured; None for that of the newest file.

    Raises:
        BrokenLogError: if the log is not as it was written.
        CreditRiskError: if the model is not at hand, or there are too few decisions.
    """
    if path.suffix in TABLES and not path.is_dir():
        return _watch_table(path, _tables())
    return _watch_log(path, window, model)


def _tables() -> Any:  # noqa: ANN401  a module
    try:
        from credit_risk.monitor import tables  # noqa: PLC0415  pyarrow is not among what serves
    except ImportError:
        msg = "reading a table needs pyarrow, which is not installed; run: pip install pyarrow"
        raise UsageError(msg) from None
    return tables


def _watch_table(path: Path, tables: Any) -> Watched:  # noqa: ANN401  as above
    manifest = tables.read_manifest(path)
    decided = manifest.basis.decided.model
    stored = load_model(decided.tag, decided.sha256)
    reference = read_reference(stored)
    bins = Bins(stored.form, reference)
    counts, why = tables.count_table(path, manifest, stored, bins)
    drift = measure(counts, bins, reference, stored.card, why)
    return Watched(stored.card.model, reference, None, None, drift)


def _watch_log(path: Path, window: timedelta, model: str | None) -> Watched:
    headers = headers_of(path)
    stored = load_model(model or newest_of(headers))
    reference = read_reference(stored)
    bins = Bins(stored.form, reference)
    days = count_log(path, stored, bins, show_share)
    if not days:
        msg = f"{path.name[:100]}: found no decision by {stored.card.model}, expected some"
        raise UsageError(msg)
    last = date.fromisoformat(max(days))
    inside = {day: each for day, each in days.items() if date.fromisoformat(day) > last - window}
    counts = Counts()
    for each in inside.values():
        counts.add(each)
    drift = measure(counts, bins, reference, stored.card, _why(headers, stored.card))
    return Watched(stored.card.model, reference, date.fromisoformat(min(inside)), last, drift)


def _why(headers: Sequence[Fields], card: ModelCard) -> dict[str, str]:
    """Return what the log cannot tell of a model's decisions, and why."""
    mine = [header for header in headers if header["model"] == card.model]
    hidden = {name for header in mine for name in (*header["left_out"], *header["hashed"])}
    why = dict.fromkeys(hidden, "the log does not keep it")
    if not all(has_own_policy(header, card) for header in mine):
        why[DECISION] = OTHER_POLICY
    return why


def as_text(found: Watched) -> str:
    """Write what a terminal shows."""
    drift = found.drift
    lines = [f"{drift.rows:,} decisions by {found.model}{found.period}"]
    lines.append(f"{'':<22}{'PSI':>8}{'critical':>10}{'p':>8}")
    for name, each in drift.fields.items():
        said = "" if each.level == "stable" else f"  {each.level}: {each.effect}"
        lines.append(f"{name:<22}{each.psi:>8.4f}{each.critical:>10.4f}{each.p_value:>8.3f}{said}")
    lines += [f"{name} is not measured: {why}" for name, why in drift.unmeasured.items()]
    lines.append(f"approved: {_change(drift.approved)}")
    lines.append(f"expected default rate: {_change(drift.risk)}")
    lines.append(f"expected default rate of the approved: {_change(drift.approved_risk)}")
    reasons = [f"{code} {_change(each)}" for code, each in drift.reasons.items()]
    lines.append(f"reasons that changed most: {'; '.join(reasons[:CHANGED])}")
    lines.append(f"drifted: {', '.join(drift.alerts)}" if drift.alerts else "nothing has drifted")
    return "\n".join(lines)


def as_page(found: Watched) -> str:
    """Write the report."""
    return fill(TEMPLATE, vars(found) | {"period": found.period})


def _change(of: Before) -> str:
    then, now = ("unknown" if each is None else f"{each:.1%}" for each in (of.then, of.now))
    return f"{then} then, {now} now"
