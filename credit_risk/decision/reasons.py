"""Reasons for a decision other than the best one: at most four, exact, in plain words.

The contributions of the trees' inputs to the log-odds of default (SHAP values, against the average
loan of the training data) are added up by reason code. A code stands for the columns of one field,
or for a relation of several fields such as the amount against the price. The positive sums become
reasons, the largest first. A number that was not stated has a code of its own, which takes over
the relations that could not be computed without the number. A field that the model does not use
contributes nothing and can never be a reason. A knock-out rule that led to the decision comes
first; it has no contribution.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from credit_risk.decision.policy import Rule
from credit_risk.form import NOT_STATED, Form

MAX_REASONS: Final = 4
"""More are not helpful: 12 CFR 1002.9, official interpretation, paragraph 9(b)(2)-1."""

DIGITS: Final = 4
"""Decimals of a contribution in a reason."""

MISSING: Final = "not stated"

Sums = NDArray[np.float32]
"""(n, reason codes) float32: contribution of each code to the log-odds of default."""


class Reasons:
    """Turns contributions of one model into reasons."""

    def __init__(self, form: Form, inputs: Sequence[str], language: str | None = None) -> None:
        """Prepare for a model.

        Args:
            form: of the applications.
            inputs: their names, in the order of the contributions.
            language: of the sentences for the applicant; None for the first that the form has.

        Raises:
            EncodingError: for an input without a reason code.
        """
        self._codes = form.reason_codes
        self._form = form
        self._language = language or next(iter(form.sentences))
        sentences = form.sentences[self._language]
        self._sentences = {c.code: sentences[c.code] if c.told else None for c in self._codes}
        self._not_stated = {
            code.code: (
                code.code + NOT_STATED,
                sentences[code.code + NOT_STATED] if code.told else None,
            )
            for code in self._codes
            if not code.inputs and code.field in form.optional
        }
        codes = {code: place for place, code in enumerate(self._codes)}
        self._taken_over = [
            (form.columns.index(number.field), codes[number], codes[relation])
            for number, relation in form.taken_over
        ]
        places = np.array([codes[form.reason_of(name)] for name in inputs])
        self._order = np.argsort(places, kind="stable")
        self._used, self._starts = np.unique(np.sort(places), return_index=True)

    def sum_by_reason(self, contributions: NDArray[np.float32]) -> Sums:
        """Sum contributions (n, inputs + 1) by reason code; the last column is no input's."""
        sums = np.zeros((len(contributions), len(self._codes)), dtype=np.float32)
        sums[:, self._used] = np.add.reduceat(contributions[:, self._order], self._starts, axis=1)
        return sums

    def write(
        self,
        rows: NDArray[np.float32],
        contributions: NDArray[np.float32],
        sent: Sequence[object] | None = None,
        rules: Sequence[Sequence[Rule]] | None = None,
    ) -> list[list[dict[str, Any]]]:
        """Give the reasons for each application, the strongest first.

        Args:
            rows: (n, columns) float32, as encoded.
            contributions: (n, inputs + 1) float32, log-odds of default.
            sent: the applications, whose numbers may have more digits than float32 keeps.
            rules: that led to each decision.

        Returns:
            For each row the fields of at most ``MAX_REASONS`` reasons.
        """
        strongest, amounts = self._strongest(rows, contributions)
        values = map(vars, sent) if sent is not None else map(self._form.decode, rows.tolist())
        held = rules or [()] * len(rows)
        found = zip(values, held, strongest.tolist(), amounts.tolist(), strict=True)
        return [
            [
                *(self._rule(rule, of) for rule in broken),
                *(
                    self._reason(place, amount, of)
                    for place, amount in zip(places, adds, strict=True)
                    if amount > 0
                ),
            ][:MAX_REASONS]
            for of, broken, places, adds in found
        ]

    def _strongest(self, rows: Sums, contributions: Sums) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the places of the strongest codes (n, reasons), and what they add, falling."""
        sums = self.sum_by_reason(contributions)
        for column, number, relation in self._taken_over:
            missing = np.isnan(rows[:, column])
            if missing.any():
                sums[missing, number] += sums[missing, relation]
                sums[missing, relation] = 0
        places = np.argsort(-sums, axis=1, kind="stable")[:, :MAX_REASONS]
        return places, np.take_along_axis(sums, places, axis=1).astype(np.float64).round(DIGITS)

    def _rule(self, rule: Rule, of: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "code": rule.code,
            "field": rule.field,
            "message": rule.sentences[self._language],
            "analyst": f"{rule.field} {_said(of[rule.field])}: a rule of the policy makes it "
            f"{rule.outcome} where it is {rule.condition}",
            "contribution": None,
        }

    def _reason(self, place: int, amount: float, of: Mapping[str, Any]) -> dict[str, Any]:
        reason = self._codes[place]
        code = reason.code
        facts = ", ".join([f"{name} {_said(of[name])}" for name in reason.shows])
        message = self._sentences[code]
        if code in self._not_stated and of[reason.field] is None:
            code, message = self._not_stated[code]
        return {
            "code": code,
            "field": reason.field,
            "message": message,
            "analyst": f"{facts}: adds {amount:.{DIGITS}f} to the log-odds of default",
            "contribution": amount,
        }


def _said(value: object) -> str:
    """Write the value of a field as it was sent."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    number = cast("float", value)
    if number == int(number):
        return str(int(number))
    text = repr(number)
    return np.format_float_positional(number, trim="-") if "e" in text else text
