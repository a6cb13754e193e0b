"""The reference: how applications, probabilities and decisions were spread in training.

Counts only, never rows. They are of the loans that the stored trees learned from, decided as the
service decides. Drift is measured as the population stability index (PSI) between these counts and
those of later applications in the same bins.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from credit_risk.decision import Scorer
from credit_risk.errors import ModelRefusedError
from credit_risk.form import Form, YesNo
from credit_risk.model import Rows
from credit_risk.registry import StoredModel

REFERENCE: Final = "reference.json"
"""File in the model's folder."""

BINS: Final = 10
"""Of a number, at most: usual for PSI, whose critical value grows with the number of bins."""

PROBABILITY_EDGES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
"""The same for all models, as a bank's rating grades are. So models can be compared, and another
policy needs no other bins. Finer where probabilities are small, for lenders with few defaults."""

ROWS_AT_ONCE: Final = 5000


class NumberCounts(BaseModel):
    """How often a number was in each bin, or was missing."""

    model_config = ConfigDict(extra="forbid")

    rows: int = Field(description="Of all, the missing among them.")
    missing: int
    edges: list[float] = Field(
        description="Largest number of each bin but the last; numbers are float32, as encoded."
    )
    counts: list[int] = Field(description="Of each bin: one more than there are edges.")

    @classmethod
    def of(cls, values: NDArray[np.float32], edges: Sequence[float]) -> Self:
        """Count values (n,), NaN where missing, in the bins that rising edges make."""
        known = values[~np.isnan(values)].astype(np.float64)
        places = np.searchsorted(np.array(edges, dtype=np.float64), known)
        counts = np.bincount(places, minlength=len(edges) + 1).tolist()
        missing = len(values) - len(known)
        return cls(rows=len(values), missing=missing, edges=list(edges), counts=counts)


class WordCounts(BaseModel):
    """How often each word occurred; one that is not listed did not."""

    model_config = ConfigDict(extra="forbid")

    rows: int = Field(description="Of all, the missing among them.")
    missing: int = 0
    counts: dict[str, int]


class Reference(BaseModel):
    """What later applications are compared with."""

    model_config = ConfigDict(extra="forbid")

    fields: dict[str, NumberCounts | WordCounts] = Field(
        description="Of all fields, also of those that no model may see."
    )
    probability: NumberCounts = Field(description="Of default.")
    decisions: WordCounts = Field(description="By the policy stored with the model, mildest first.")
    reasons: WordCounts = Field(
        description="Of rows that have another decision than the mildest: how many of them have "
        "each code among their reasons."
    )


async def make_reference(form: Form, scorer: Scorer, rows: Rows) -> Reference:
    """Count encoded rows (n, columns) and what a scorer decides on them.

    Args:
        form: of the applications.
        scorer: of the model.
        rows: that it learned from.
    """
    language = next(iter(scorer.reasons))  # any: codes are counted, not sentences
    outcomes = scorer.decider.policy.statuses
    probabilities: list[float] = []
    decisions: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        found: Any = await scorer.assess_rows(part, language=language)
        probabilities += found.default_probability
        decisions.update(found.status)
        codes.update(reason["code"] for each in found.reasons or () for reason in each)
    return Reference(
        fields=count_fields(form, rows),
        probability=NumberCounts.of(np.array(probabilities, np.float32), PROBABILITY_EDGES),
        decisions=WordCounts(rows=len(rows), counts={word: decisions[word] for word in outcomes}),
        reasons=WordCounts(
            rows=len(rows) - decisions[outcomes[0]], counts=dict(sorted(codes.items()))
        ),
    )


def read_reference(stored: StoredModel) -> Reference:
    """Read the reference of a stored model.

    Raises:
        ModelRefusedError: if it has none that can be read.
    """
    try:
        return Reference.model_validate_json(stored.read(REFERENCE) or "")
    except ValidationError as error:
        found = f"no reference ({REFERENCE}: {error.errors()[0]['msg']})"
        expected, fix = "that of train.py", "python train.py"
        raise ModelRefusedError(
            stored.card.model, found=found, expected=expected, fix=fix
        ) from None


def count_fields(form: Form, rows: Rows) -> dict[str, NumberCounts | WordCounts]:
    """Count the values of each field in encoded rows (n, columns)."""
    found: dict[str, NumberCounts | WordCounts] = {}
    for name, each in form.by_name.items():
        if name in form.categories:
            columns = {word: f"{name}={word}" for word in form.categories[name]}
            found[name] = _count_words(
                {word: rows[:, form.columns.index(column)] for word, column in columns.items()}
            )
            continue
        values = rows[:, form.columns.index(name)]
        if isinstance(each, YesNo):
            found[name] = _count_words({"yes": values == 1, "no": values == 0})
        else:
            found[name] = NumberCounts.of(values, edges_of(values))
    return found


def _count_words(indicators: dict[str, NDArray[np.generic]]) -> WordCounts:
    counts = {word: int(np.count_nonzero(each)) for word, each in indicators.items()}
    rows = len(next(iter(indicators.values())))
    return WordCounts(rows=rows, missing=rows - sum(counts.values()), counts=counts)


def edges_of(values: NDArray[np.float32]) -> list[float]:
    """Choose edges that make bins of equal count; few values become a bin each."""
    known = np.unique(values[~np.isnan(values)])
    if len(known) > BINS:
        shares = np.arange(1, BINS) / BINS
        drawn = np.nanquantile(values, shares, method="inverted_cdf")
        return [edge for edge in np.unique(drawn).tolist() if edge < known[-1]]
    edges: list[float] = known[:-1].tolist()
    return edges
