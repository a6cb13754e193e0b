"""Reasons for a decision other than APPROVED: at most four, exact, in plain words.

The contributions of the trees' inputs to the log-odds of default (SHAP values, against the average
loan of the training data) are added up by reason code. A code stands for the columns of one field,
or for a relation of several fields such as the amount against the price. The positive sums become
reasons, the largest first. A number that was not stated has a code of its own, which takes over
the relations that could not be computed without the number. A field that the model does not use
contributes nothing and can never be a reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import EncodingError
from credit_risk.form import CATEGORIES, COLUMNS

MAX_REASONS: Final = 4
"""More are not helpful: 12 CFR 1002.9, official interpretation, paragraph 9(b)(2)-1."""


@dataclass(frozen=True)
class ReasonCode:
    """A reason that a decision can have.

    Attributes:
        code: stable, for machines.
        field: of the application, that the reason is filed under.
        message: one sentence for the applicant.
        inputs: derived inputs that the code sums up; empty for the columns of ``field``.
        shows: fields whose values the analyst's sentence has.
    """

    code: str
    field: str
    message: str
    inputs: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the field, or of the relation."""
        return self.code.lower() if self.inputs else self.field


REASON_CODES: Final = (
    ReasonCode("SENIORITY", "seniority", "The time in your job counts against the application."),
    ReasonCode("HOME", "home", "Your housing situation counts against the application."),
    ReasonCode("TIME", "time", "The term of the loan counts against the application."),
    ReasonCode("AGE", "age", "Your age counts against the application."),
    ReasonCode("MARITAL", "marital", "Your marital status counts against the application."),
    ReasonCode("RECORDS", "records", "There is a record of earlier trouble with credit."),
    ReasonCode("JOB", "job", "The kind of your employment counts against the application."),
    ReasonCode("EXPENSES", "expenses", "Your monthly expenses count against the application."),
    ReasonCode("INCOME", "income", "The height of your income counts against the application."),
    ReasonCode(
        "AFFORDABILITY",
        "income",
        "Little of your income is left after expenses and the loan's instalment.",
        ("left_each_month", "instalment_to_income"),
        ("income", "expenses", "amount", "time"),
    ),
    ReasonCode("ASSETS", "assets", "The value of what you own counts against the application."),
    ReasonCode(
        "NET_WORTH",
        "assets",
        "What you own, less what you owe, is little against the amount that you ask for.",
        ("net_worth_after_loan",),
        ("assets", "debt", "amount"),
    ),
    ReasonCode("DEBT", "debt", "What you already owe counts against the application."),
    ReasonCode("AMOUNT", "amount", "The amount that you ask for counts against the application."),
    ReasonCode(
        "AMOUNT_TO_PRICE",
        "amount",
        "The amount that you ask for is high against the price of what it pays for.",
        ("amount_to_price",),
        ("amount", "price"),
    ),
    ReasonCode(
        "PRICE", "price", "The price of what the loan pays for counts against the application."
    ),
)
"""In the order of the application's fields; of equal contributions the first comes first."""

NOT_STATED: Final = {
    "income": ReasonCode("INCOME_NOT_STATED", "income", "Your income is not stated."),
    "assets": ReasonCode("ASSETS_NOT_STATED", "assets", "The value of what you own is not stated."),
    "debt": ReasonCode("DEBT_NOT_STATED", "debt", "What you already owe is not stated."),
}
TAKEN_OVER: Final = (("income", "affordability"), ("assets", "net_worth"), ("debt", "net_worth"))
"""Relations that cannot be computed without a number; its code takes them over then."""

DIGITS: Final = 4
"""Decimals of a contribution in a reason."""

Sums = NDArray[np.float32]
"""(n, reason codes) float32: contribution of each code to the log-odds of default."""

_PLACE = {code.name: place for place, code in enumerate(REASON_CODES)}
_PLACE_OF_INPUT = {name: place for place, code in enumerate(REASON_CODES) for name in code.inputs}


class Reasons:
    """Turns contributions of one model into reasons."""

    def __init__(self, inputs: Sequence[str]) -> None:
        """Prepare for a model.

        Args:
            inputs: their names, in the order of the contributions.

        Raises:
            EncodingError: for an input without a reason code.
        """
        places = np.array([_place_of(name) for name in inputs])
        self._order = np.argsort(places, kind="stable")
        self._used, self._starts = np.unique(np.sort(places), return_index=True)

    def sum_by_reason(self, contributions: NDArray[np.float32]) -> Sums:
        """Sum contributions (n, inputs + 1) by reason code; the last column is no input's."""
        sums = np.zeros((len(contributions), len(REASON_CODES)), dtype=np.float32)
        sums[:, self._used] = np.add.reduceat(contributions[:, self._order], self._starts, axis=1)
        return sums

    def write(
        self, rows: NDArray[np.float32], contributions: NDArray[np.float32]
    ) -> list[list[dict[str, Any]]]:
        """Give the reasons for each application, the strongest first.

        Args:
            rows: (n, 29) float32, as encoded.
            contributions: (n, inputs + 1) float32, log-odds of default.

        Returns:
            For each row the fields of at most ``MAX_REASONS`` reasons.
        """
        sums = self.sum_by_reason(contributions)
        for field, relation in TAKEN_OVER:
            missing = np.isnan(rows[:, COLUMNS.index(field)])
            if missing.any():
                sums[missing, _PLACE[field]] += sums[missing, _PLACE[relation]]
                sums[missing, _PLACE[relation]] = 0
        strongest = np.argsort(-sums, axis=1, kind="stable")[:, :MAX_REASONS]
        amounts = np.take_along_axis(sums, strongest, axis=1).astype(np.float64).round(DIGITS)
        return [
            [_reason(p, amount, row) for p, amount in zip(places, found, strict=True) if amount > 0]
            for row, places, found in zip(
                rows.tolist(), strongest.tolist(), amounts.tolist(), strict=True
            )
        ]


def _place_of(name: str) -> int:
    place = _PLACE_OF_INPUT.get(name, _PLACE.get(name.partition("=")[0]))
    if place is None:
        msg = f"found the input {name!r}, expected one with a reason code"
        raise EncodingError(msg)
    return place


def _reason(place: int, amount: float, row: list[float]) -> dict[str, Any]:
    code = REASON_CODES[place]
    facts = ", ".join([fact(row) for fact in _FACTS[place]])
    if not code.inputs and facts.endswith(MISSING):
        code = NOT_STATED[code.field]
    return {
        "code": code.code,
        "field": code.field,
        "message": code.message,
        "analyst": f"{facts}: adds {amount:.{DIGITS}f} to the log-odds of default",
        "contribution": amount,
    }


MISSING = "not stated"


def _fact_of(field: str) -> Callable[[list[float]], str]:
    """Make a function that writes a field of an encoded row as an analyst reads it."""
    place = COLUMNS.index(next(each for each in COLUMNS if each.partition("=")[0] == field))
    if field in CATEGORIES:
        facts = [f"{field} {word}" for word in sorted(CATEGORIES[field])]
        return lambda row: facts[row.index(1, place) - place]  # its columns stand side by side
    known, unknown = f"{field} %.10g", f"{field} {MISSING}"  # % takes half the time of format
    return lambda row: known % row[place] if row[place] == row[place] else unknown


_FACTS = [[_fact_of(field) for field in code.shows or (code.field,)] for code in REASON_CODES]
"""Of each reason code, what its sentence for the analyst shows."""
