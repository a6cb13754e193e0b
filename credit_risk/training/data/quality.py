"""Summaries of the loans by field: missing numbers, ranges, shares of each category."""

from dataclasses import dataclass

from credit_risk.form import Form
from credit_risk.training.data.dataset import Dataset


@dataclass(frozen=True)
class NumberSummary:
    """A numeric field.

    Attributes:
        field: of the application.
        missing: number of loans without a value.
        missing_share: share of all loans, 0 to 1.
        low: smallest value, in the field's unit; NaN if all are missing, as are the next two.
        median: middle value.
        high: largest value.
    """

    field: str
    missing: int
    missing_share: float
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class CategorySummary:
    """One category of a categorical field.

    Attributes:
        field: of the application.
        category: its word in the vocabulary.
        rows: number of loans.
        share: share of all loans, 0 to 1.
        default_rate: share of the category's loans that ended in default, 0 to 1.
    """

    field: str
    category: str
    rows: int
    share: float
    default_rate: float


def summarise_numbers(loans: Dataset, form: Form) -> tuple[NumberSummary, ...]:
    """Summarise each numeric field."""
    return tuple(
        NumberSummary(
            field=field,
            missing=int(column.isna().sum()),
            missing_share=float(column.isna().mean()),
            low=float(column.min()),
            median=float(column.median()),
            high=float(column.max()),
        )
        for field, column in loans.applications[list(form.numbers)].items()
    )


def summarise_categories(loans: Dataset, form: Form) -> tuple[CategorySummary, ...]:
    """Summarise each category that occurs, in the vocabulary's order."""
    found = []
    for field, categories in form.categories.items():
        for category in categories:
            here = (loans.applications[field] == category).to_numpy()
            if here.any():
                rate = float(loans.defaulted[here].mean())
                count, share = int(here.sum()), float(here.mean())
                found.append(CategorySummary(field, category, count, share, rate))
    return tuple(found)
