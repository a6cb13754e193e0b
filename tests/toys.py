"""Small forms for tests of the engine, and policies for them."""

from dataclasses import replace
from typing import Any

from credit_risk.decision import Policy, make_policy
from credit_risk.form import Category, Derived, Form, Number, Outcome, YesNo
from credit_risk.model import Encoder, Rows

AMOUNT = Number(
    name="amount",
    meaning="Amount asked for",
    unit="euro",
    low=0,
    high=1_000,
    everyday=(10, 900, 10),
    example=250,
    direction=+1,
)
INCOME = Number(
    name="income",
    meaning="Income a month",
    unit="euro",
    low=0.5,
    high=1e12,
    everyday=(100, 900, 0.5),
    example=420.5,
    optional=True,
    missing=(-1, "n/a"),
    direction=-1,
)
OWNER = YesNo(name="owner", meaning="Whether the home is owned", example=True, optional=True)
PLACE = Category(
    name="place",
    meaning="Where the applicant lives",
    words={"town": ("T", "1"), "Countryside: hills, woods=trees": "C", "unknown": ""},
    example="town",
)
SEX = Category(
    name="sex", meaning="Sex", words={"f": (), "m": ()}, example="f", prohibited=True, told=False
)
SHARE = Derived(
    name="amount_to_income",
    formula="amount / income",
    unit="ratio",
    rises_with={"income": -1, "amount": 1},
    reason="SHARE",
    compute=lambda of: of["amount"] / of["income"],
)
OUTCOME = Outcome(column="result", default="bad", repaid=("good", "fine"), unknown="")


def sentences_for(*codes: str) -> dict[str, dict[str, str]]:
    """A sentence for each code, in two languages."""
    return {language: {c: f"{language}: {c}." for c in codes} for language in ("en", "es")}


def toy(**changes: Any) -> Form:
    """A form of five fields and a derived column; ``changes`` are of its declaration."""
    declared: dict[str, Any] = {
        "name": "toy",
        "fields": (AMOUNT, INCOME, OWNER, PLACE, SEX),
        "derived": (SHARE,),
        "outcome": OUTCOME,
    }
    declared |= changes
    optional = [each.reason for each in declared["fields"] if each.optional]
    codes = [each.reason for each in (*declared["fields"], *declared["derived"])]
    every = sentences_for(*codes, *(f"{code}_NOT_STATED" for code in optional))
    return Form(**{"sentences": every, **declared})


def changed(field: Any, **changes: Any) -> Any:
    """A field that is declared otherwise."""
    return replace(field, **changes)


def toy_row(form: Form, **changes: Any) -> Rows:
    """The form's example, changed and encoded: one row."""
    return Encoder(form).encode([form.application.model_validate(form.example | changes)])


def rule(outcome: str = "NO", **changes: Any) -> dict[str, Any]:
    """A rule of a policy, without a condition unless ``changes`` have one."""
    sentences = {"en": "So it is.", "es": "Así es."}
    return {"code": "RULE", "outcome": outcome, "sentences": sentences} | changes


def toy_policy(*rules: dict[str, Any]) -> Policy:
    """YES up to 0.3, ASK up to 0.5, NO above, and these rules."""
    lines = [{"status": "YES", "up_to": 0.3}, {"status": "ASK", "up_to": 0.5}, {"status": "NO"}]
    return make_policy({"outcomes": lines, "rules": list(rules)})
