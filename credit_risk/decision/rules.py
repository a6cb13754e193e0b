"""Knock-out rules on encoded rows.

So a rule means the same for an application, an array and a log that is replayed: numbers are
compared as the model sees them, as float32.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.decision.policy import Rule
from credit_risk.errors import PolicyError
from credit_risk.form import Category, Form, Number, YesNo
from credit_risk.model import Rows

Condition = Callable[[Rows], NDArray[np.bool_]]
"""Rows (n, columns) to (n,): whether a rule holds."""

IN_RANGE: Final = "below or above, within {of.low:g} and {of.high:g}"


def condition_of(rule: Rule, form: Form) -> Condition:
    """Make the function that says for which rows a rule holds.

    Raises:
        PolicyError: if the rule does not fit the form; names the rule.
    """
    if lacking := [each for each in form.sentences if not rule.sentences.get(each, "").strip()]:
        raise _refused(rule, f"no sentence in {lacking[0]}", "one in each language of the form")
    if rule.code in {code.code for code in form.reason_codes}:
        raise _refused(rule, "a reason code of the form", "a code of its own")
    field = form.by_name.get(rule.field)
    if field is None or field.prohibited:
        found = f"the field {rule.field!r}" + (", which may not decide" if field else "")
        known = ", ".join(name for name in form.by_name if name not in form.prohibited)
        raise _refused(rule, found, f"one of {known}")
    if isinstance(field, Category):
        return _one_of_words(rule, field, form)
    column = form.columns.index(field.name)
    if rule.missing and field.optional:
        return lambda rows: np.isnan(rows[:, column])
    if isinstance(field, YesNo) and isinstance(rule.equals, bool):
        return lambda rows: rows[:, column] == rule.equals
    if isinstance(field, Number):
        if rule.below is not None and field.low < rule.below:
            below = np.float32(rule.below)
            return lambda rows: rows[:, column] < below
        if rule.above is not None and field.high > rule.above:
            above = np.float32(rule.above)
            return lambda rows: rows[:, column] > above
        can = [IN_RANGE.format(of=field)]
    else:
        can = ["equals = true or false"]
    can += ["missing = true"] if field.optional else []
    raise _refused(rule, f"{field.name} {rule.condition}", " or ".join(can))


def _one_of_words(rule: Rule, field: Category, form: Form) -> Condition:
    odd = [word for word in rule.words if word not in field.words]
    if odd or not rule.words:
        found = f"{field.name} {odd[0] if odd else rule.condition}"
        raise _refused(rule, found, f"equals, of {', '.join(field.words)}")
    places = [form.columns.index(f"{field.name}={word}") for word in rule.words]
    return lambda rows: np.asarray(rows[:, places].any(axis=1))


def _refused(rule: Rule, found: str, expected: str) -> PolicyError:
    return PolicyError(f"rule {rule.code}: found {found}, expected {expected}")
