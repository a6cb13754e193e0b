"""Series of decisions, and of the reference that they are compared with, for Prometheus.

There are few whatever is sent: labels are words of the form, of the policy and of the reference,
never a value of an application or a name from a body.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from credit_risk.decision import Fields
from credit_risk.errors import ModelRefusedError
from credit_risk.form import NOT_STATED
from credit_risk.model import Probabilities, Rows
from credit_risk.monitoring.bins import OTHER, Bins
from credit_risk.monitoring.psi import LEVEL, chi_square_quantile
from credit_risk.monitoring.reference import PROBABILITY_EDGES, read_reference
from credit_risk.registry import StoredModel
from lean_bento import Series, SharedSeries, buckets

Refusal = ValidationError | Sequence[dict[str, Any]]
"""Of a row: the error, or its findings."""

ENDPOINTS: Final = ("/classify", "/classify_batch", "/classify_array")

ROWS: Final = (1, 10, 100, 1_000, 10_000, 50_000)
"""Edges for the number of rows in a request."""

EXPLAINED_AT_ONCE: Final = 1_000
"""Refused rows that are looked at in one turn: some five milliseconds."""

DECISIONS: Final = "credit_risk_decisions"
REASONS: Final = "credit_risk_reasons"
REFUSED: Final = "credit_risk_refused_rows"
BINS: Final = "credit_risk_field_bin"
ABOUT: Final = {
    DECISIONS: "Decisions by outcome and by the path that was asked",
    REASONS: "Decisions that have this code among their reasons",
    REFUSED: "Applications that validation refused, by each field that was wrong",
    BINS: "Decisions on applications with this field in this bin of the model's reference",
}


class DecisionSeries:
    """Series of the decisions by one model, in a worker."""

    def __init__(self, stored: StoredModel) -> None:
        """Make the series, all 0."""
        self._bins = bins_of(stored)
        self._fields = {*stored.form.by_name}
        self._keys = [
            *((DECISIONS, o, e) for o in stored.card.policy.statuses for e in ENDPOINTS),
            *((REASONS, code) for code in _codes(stored)),
            *((REFUSED, field) for field in (*stored.form.by_name, OTHER)),
            *(
                (BINS, field, label)
                for field, label, _ in (self._bins.each() if self._bins else ())
            ),
        ]
        names = {
            DECISIONS: ("outcome", "endpoint"),
            REASONS: ("code",),
            REFUSED: ("field",),
            BINS: ("field", "bin"),
        }
        self._counters = SharedSeries(
            "counter",
            "decisions",
            [
                Series(name, ABOUT[name], dict(zip(names[name], labels, strict=True)), "_total")
                for name, *labels in self._keys
            ],
        )
        lines = stored.card.policy.lines.values()
        self._edges = sorted({*PROBABILITY_EDGES, *lines})
        self._probability = SharedSeries(
            "histogram",
            "probability",
            buckets("credit_risk_default_probability", "Probabilities of default", self._edges),
        )
        about = "Applications in a request that were decided on"
        self._rows = SharedSeries(
            "histogram", "rows", buckets("credit_risk_rows_per_call", about, ROWS)
        )

    def add_decided(
        self,
        rows: Sequence[Rows],
        probabilities: Sequence[Probabilities],
        statuses: Sequence[list[str]],
        reasons: Sequence[list[list[Fields]]],
    ) -> None:
        """Count what was decided, part by part: encoded rows and what came of each."""
        risks = np.concatenate(probabilities)
        self._add(
            Counter((REASONS, why["code"]) for part in reasons for row in part for why in row)
        )
        if self._bins:
            found = self._bins.count(np.concatenate(rows), risks, [*chain(*statuses)])
            self._add(
                {
                    (BINS, field, label): number
                    for field, counts in found.items()
                    for label, number in zip(
                        self._bins.by_field[field].labels, counts.tolist(), strict=True
                    )
                }
            )
        self._probability.add(_observed(risks.astype(np.float64), self._edges))

    def add_answered(self, answered: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Count answers: of each the path that was asked, and the decisions."""
        decided: Counter[tuple[str, ...]] = Counter()
        for path, every in answered:
            for status, number in Counter(every).items():
                decided[DECISIONS, status, path] += number
        self._add(decided)
        self._rows.add(_observed(np.array([len(every) for _, every in answered]), ROWS))

    def add_refused(self, refused: list[Refusal]) -> list[Refusal]:
        """Count refused rows by their fields; return those that were left for later."""
        wrong: Counter[tuple[str, ...]] = Counter()
        for each in refused[:EXPLAINED_AT_ONCE]:
            findings: Any = each
            if isinstance(each, ValidationError):
                findings = each.errors(include_url=False, include_input=False)
            names = {str(*finding["loc"][:1]) for finding in findings}
            wrong.update({(REFUSED, name if name in self._fields else OTHER) for name in names})
        self._add(wrong)
        return refused[EXPLAINED_AT_ONCE:]

    def _add(self, amounts: dict[tuple[str, ...], int]) -> None:
        if amounts:
            self._counters.add([amounts.get(key, 0) for key in self._keys])


def publish_reference(stored: StoredModel) -> None:
    """Write what does not change while a service runs: its model, and the model's reference.

    Call it once, in the first process.
    """
    card, bins = stored.card, bins_of(stored)
    info = {
        "model": card.model,
        "form": stored.form.name,
        "policy": card.policy.sha256[:12],
        "recipe": card.recipe,
        "data": card.data.name,
        "synthetic": str(card.data.synthetic).lower(),
    }
    values = [(Series("credit_risk_model_info", "The model that decides", info), 1.0)]
    if bins:
        values += _reference(bins)
    series, numbers = zip(*values, strict=True)
    SharedSeries("gauge_max", "reference", series).set(numbers)


def bins_of(stored: StoredModel) -> Bins | None:
    """Return the bins of a model's reference; None of a model that was stored without one."""
    try:
        return Bins(stored.form, read_reference(stored))
    except ModelRefusedError:
        return None


def _reference(bins: Bins) -> Iterator[tuple[Series, float]]:
    """List the series of a reference with their values."""
    level = LEVEL / len(bins.by_field)
    yield Series("credit_risk_reference_rows", "Loans in the reference"), float(bins.rows)
    about = "Share of the reference in this bin"
    for field, label, share in bins.each():
        labels = {"field": field, "bin": label}
        yield Series("credit_risk_reference_share", about, labels), share
    about = "Chi-square number: times (1/rows + 1/reference rows) the critical PSI"
    for field, each in bins.by_field.items():
        critical = chi_square_quantile(1 - level, len(each.labels) - 1)
        yield Series("credit_risk_reference_chi2", about, {"field": field}), critical


def _codes(stored: StoredModel) -> list[str]:
    """List every code that a reason can have."""
    codes = [rule.code for rule in stored.card.policy.rules]
    for each in stored.form.reason_codes:
        codes.append(each.code)
        if not each.inputs and each.field in stored.form.optional:
            codes.append(each.code + NOT_STATED)
    return [*dict.fromkeys(codes)]


def _observed(values: Any, edges: Iterable[float]) -> list[float]:  # noqa: ANN401  an array
    """Count values in the buckets that edges make, and add them up."""
    places = np.searchsorted(np.array([*edges]), values)
    counts = np.bincount(places, minlength=len([*edges]) + 1)
    return [*counts.tolist(), float(values.sum())]
