"""What comes in: one application, or many.

Names, limits and words come from ``vocabulary``.
"""

from typing import Any, Final

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from credit_risk.form.vocabulary import (
    CATEGORIES,
    LIMITS,
    MISSING_CODE,
    Home,
    Job,
    Marital,
    Records,
)
from lean_bento import RowBatch, UniqueKeys

COURSE_EXAMPLE: Final[JsonDict] = {
    "seniority": 3,
    "home": "owner",
    "time": 36,
    "age": 26,
    "marital": "single",
    "records": "no",
    "job": "freelance",
    "expenses": 35,
    "income": 0.0,
    "assets": 60000.0,
    "debt": 3000.0,
    "amount": 800,
    "price": 1000,
}
RISKY_EXAMPLE = COURSE_EXAMPLE | {"records": "yes", "job": "partime", "income": None}
MONEY = "in the monetary unit of the source data"


def _number(name: str, meaning: str, unit: str, *, optional: bool = False) -> Any:  # noqa: ANN401  pydantic types Field so
    """Describe one numeric field: meaning, unit, limits, and how missing is written."""
    low, high = LIMITS[name]
    missing = f"; null or absent when not known, never {MISSING_CODE}" if optional else ""
    text = f"{meaning}, {unit}: a number from {low:.0f} to {high:.0f}{missing}"
    if optional:
        return Field(None, ge=low, le=high, description=text)
    return Field(ge=low, le=high, description=text)


def _category(name: str, meaning: str) -> Any:  # noqa: ANN401  pydantic types Field so
    """Describe one categorical field: meaning and every accepted word."""
    return Field(description=f"{meaning}: one of {', '.join(CATEGORIES[name])}")


class Application(UniqueKeys):
    """One loan application: thirteen fields, no others.

    Numbers are JSON numbers, not text; a category is one of its field's words.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        json_schema_extra={"examples": [COURSE_EXAMPLE]},
    )

    seniority: float = _number("seniority", "Time in the present job", "years")
    home: Home = _category("home", "Housing")
    time: float = _number("time", "Requested term of the loan", "months")
    age: float = _number("age", "Age of the applicant", "years")
    marital: Marital = _category("marital", "Marital status")
    records: Records = _category("records", "Whether there is a record of earlier trouble")
    job: Job = _category("job", "Employment")
    expenses: float = _number("expenses", "Monthly household expenses", MONEY)
    income: float | None = _number("income", "Monthly income", MONEY, optional=True)
    assets: float | None = _number("assets", "Value of what is owned", MONEY, optional=True)
    debt: float | None = _number("debt", "Debt already owed", MONEY, optional=True)
    amount: float = _number("amount", "Amount asked for", MONEY)
    price: float = _number("price", "Price of what the loan pays for", MONEY)


class ApplicationBatch(RowBatch[Application]):
    """Array of applications, one object each; a bad one does not refuse the others."""

    model_config = ConfigDict(json_schema_extra={"examples": [[COURSE_EXAMPLE, RISKY_EXAMPLE]]})
