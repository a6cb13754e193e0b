"""What the loans look like, field by field: missing numbers, ranges, shares of each category.

Knows nothing of models.
"""

from dataclasses import dataclass

import pandas as pd

from credit_risk.form import CATEGORIES, LIMITS
from credit_risk.training.data.dataset import Dataset

__all__ = ["Numbers", "Word", "numbers", "words"]


@dataclass(frozen=True)
class Numbers:
    """A numeric field.

    Attributes:
        field: of the application.
        missing: loans without the number.
        missing_share: of all loans, 0 to 1.
        low: smallest, in the field's unit as are the next two; NaN if all are missing.
        median: half of the numbers are up to it.
        high: largest.
    """

    field: str
    missing: int
    missing_share: float
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Word:
    """One category of a categorical field.

    Attributes:
        field: of the application.
        word: the category.
        rows: loans with it.
        share: of all loans, 0 to 1.
        default_rate: share of them that ended in default, 0 to 1.
    """

    field: str
    word: str
    rows: int
    share: float
    default_rate: float


def numbers(loans: Dataset) -> tuple[Numbers, ...]:
    """Summarise each numeric field."""
    return tuple(_summarise(field, loans.applications[field]) for field in LIMITS)


def _summarise(field: str, column: pd.Series) -> Numbers:
    return Numbers(
        field=field,
        missing=int(column.isna().sum()),
        missing_share=float(column.isna().mean()),
        low=float(column.min()),
        median=float(column.median()),
        high=float(column.max()),
    )


def words(loans: Dataset) -> tuple[Word, ...]:
    """Count every category that occurs, in the vocabulary's order."""
    found = []
    for field, known in CATEGORIES.items():
        for word in known:
            here = (loans.applications[field] == word).to_numpy()
            if here.any():
                rate = float(loans.defaulted[here].mean())
                found.append(Word(field, word, int(here.sum()), float(here.mean()), rate))
    return tuple(found)
