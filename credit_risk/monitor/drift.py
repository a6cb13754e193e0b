"""Judge counts of decisions by the reference of their model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from credit_risk.errors import UsageError
from credit_risk.monitor.counts import Counts
from credit_risk.monitoring import (
    FEWEST,
    LEVEL,
    PAGE,
    WARN,
    Bins,
    FieldBins,
    Reference,
    critical_value,
    holm,
    p_value,
    psi,
)
from credit_risk.registry import ModelCard

EFFECTS: Final = {0.0: "small", WARN: "moderate", PAGE: "large"}
"""Words of the convention, by the PSI from which they hold."""


@dataclass(frozen=True)
class FieldDrift:
    """Drift of one field, of the probability, or of the decision.

    Attributes:
        labels: of the bins.
        then: share of each bin in the reference.
        now: share of each bin in the window.
        psi: between them.
        critical: PSI that chance alone hardly exceeds, corrected for the number of fields.
        p_value: chance of such a PSI if nothing has changed, corrected too.
        effect: how large the PSI is by convention.
        level: ``page``, ``warn`` or ``stable``.
    """

    labels: tuple[str, ...]
    then: tuple[float, ...]
    now: tuple[float, ...]
    psi: float
    critical: float
    p_value: float
    effect: str
    level: str


@dataclass(frozen=True)
class Before:
    """A share or a rate, then and now; None where one of them is not known."""

    then: float | None
    now: float | None

    @property
    def change(self) -> float:
        """Distance of the two."""
        return abs((self.now or 0) - (self.then or 0))


@dataclass(frozen=True)
class Drift:
    """Drift of a window of decisions.

    Attributes:
        rows: number of decisions in the window.
        fields: what was measured, by name.
        unmeasured: what was not, and why.
        approved: share of decisions with the mildest outcome.
        risk: mean probability of default, of all; then of loans out of fold.
        approved_risk: the same, of decisions with the mildest outcome.
        reasons: share of each code among decisions with another outcome; most changed first.
    """

    rows: int
    fields: dict[str, FieldDrift]
    unmeasured: dict[str, str]
    approved: Before
    risk: Before
    approved_risk: Before
    reasons: dict[str, Before]

    @property
    def alerts(self) -> dict[str, FieldDrift]:
        """What has drifted, largest PSI first."""
        drifted = {name: each for name, each in self.fields.items() if each.level != "stable"}
        return dict(sorted(drifted.items(), key=lambda item: -item[1].psi))


def measure(
    counts: Counts,
    bins: Bins,
    reference: Reference,
    card: ModelCard,
    why: Mapping[str, str],
) -> Drift:
    """Measure the drift of counted decisions.

    Args:
        counts: of the decisions.
        bins: of the model, with the counts of its reference.
        reference: of the model.
        card: of the model.
        why: of what is not measured, by field.

    Raises:
        UsageError: if there are too few decisions.
    """
    if counts.rows < FEWEST:
        msg = f"found {counts.rows} decisions, expected {FEWEST}: among fewer chance is too large"
        raise UsageError(msg)
    measured = {name: each for name, each in counts.fields.items() if sum(each) >= FEWEST}
    mildest = card.policy.statuses[0]
    bands, band = card.bands.outcomes, card.bands.outcomes[mildest]
    predicted = [
        each.rows * each.predicted for each in bands.values() if each.predicted is not None
    ]
    known = sum(each.rows for each in bands.values())
    approved = counts.statuses[mildest]
    then = reference.decisions.counts[mildest] / reference.decisions.rows
    return Drift(
        rows=counts.rows,
        fields=_compare(measured, {name: bins.by_field[name] for name in measured}),
        unmeasured={name: why.get(name, FEW) for name in bins.by_field if name not in measured},
        approved=Before(then, approved / counts.rows),
        risk=Before(sum(predicted) / known if known else None, counts.probability / counts.rows),
        approved_risk=Before(band.predicted, counts.approved / approved if approved else None),
        reasons=_reasons(counts, reference),
    )


FEW: Final = f"fewer than {FEWEST} decisions have it"


def _compare(
    measured: Mapping[str, list[int]], bins: Mapping[str, FieldBins]
) -> dict[str, FieldDrift]:
    found = {name: float(psi(bins[name].reference, counts)) for name, counts in measured.items()}
    sizes = {
        name: (sum(bins[name].reference), sum(counts), len(counts))
        for name, counts in measured.items()
    }
    chances = [p_value(found[name], *sizes[name]) for name in measured]
    corrected = dict(zip(measured, holm(chances), strict=True))
    # By Holm the smallest chance is tested at the strictest level, the next at a milder one.
    order = sorted(range(len(chances)), key=chances.__getitem__)
    ranks = {[*measured][place]: rank for rank, place in enumerate(order)}
    return {
        name: FieldDrift(
            labels=tuple(bins[name].labels),
            then=_shares(bins[name].reference),
            now=_shares(counts),
            psi=found[name],
            critical=critical_value(*sizes[name], LEVEL / (len(measured) - ranks[name])),
            p_value=corrected[name],
            effect=[word for least, word in EFFECTS.items() if found[name] >= least][-1],
            level=_level(found[name], corrected[name]),
        )
        for name, counts in measured.items()
    }


def _level(found: float, chance: float) -> str:
    if chance >= LEVEL or found < WARN:
        return "stable"
    return "page" if found >= PAGE else "warn"


def _shares(counts: Sequence[int]) -> tuple[float, ...]:
    return tuple(each / sum(counts) for each in counts)


def _reasons(counts: Counts, reference: Reference) -> dict[str, Before]:
    then, now = reference.reasons, counts.reasons
    shares = {
        code: Before(
            then.counts.get(code, 0) / then.rows if then.rows else None,
            now[code] / counts.explained if counts.explained else None,
        )
        for code in {**then.counts, **now}
    }
    return dict(sorted(shares.items(), key=lambda item: -item[1].change))
