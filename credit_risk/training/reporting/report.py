"""The report on a model, for a lender's risk officer: one HTML file that needs nothing else.

Every number in it is computed here; the text is in ``report.html`` beside this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import numpy as np
from numpy.typing import NDArray

from credit_risk.decision import MONOTONICITY, Policy
from credit_risk.form import Decision
from credit_risk.model import RiskModel
from credit_risk.registry import ModelDescription
from credit_risk.training.approval_rates import Group, by_group, by_threshold
from credit_risk.training.calibration import calibration_bins, ece_by_chance
from credit_risk.training.data.dataset import Dataset
from credit_risk.training.data.quality import summarise_categories, summarise_numbers
from credit_risk.training.evaluation import intervals, measure, roc
from credit_risk.training.fitting import Examples
from credit_risk.training.reporting import curves, pictures
from credit_risk.training.reporting.effects import effects
from credit_risk.training.reporting.page import fill

if TYPE_CHECKING:  # it loads what fits all models
    from credit_risk.training.comparison import Comparison

TEMPLATE: Final = Path(__file__).with_name("report.html")
OLDER_AGE: Final = 62  # years: "elderly" in 12 CFR 1002.2(o)
OLDER, YOUNGER = f"{OLDER_AGE} and over", f"under {OLDER_AGE}"
THRESHOLDS: Final = tuple(round(0.05 * step, 2) for step in range(2, 19))  # 0.1 to 0.9
SMALLEST_REFERENCE: Final = 0.02  # of all loans; a high rate among fewer is mostly luck
FEW: Final = 100  # loans; the rates of a smaller group say next to nothing


@dataclass(frozen=True)
class Decided:
    """The loans of one decision.

    Attributes:
        decision: of the policy.
        rows: number of loans.
        share: of all loans, 0 to 1.
        default_rate: share of them that ended in default, 0 to 1; NaN without rows.
    """

    decision: Decision
    rows: int
    share: float
    default_rate: float


def render(  # noqa: PLR0913  each subject of a report by its name
    *,
    tag: str,
    description: ModelDescription,
    loans: Dataset,
    examples: Examples,
    model: RiskModel,
    comparison: "Comparison | None",
    importance: Mapping[str, float],
) -> str:
    """Write the report on a model and return the file's text.

    Args:
        tag: of the stored model.
        description: of the model.
        loans: n loans of its training and test.
        examples: the same loans encoded, in the same order.
        model: as stored.
        comparison: with other models; the report shows its out-of-fold probabilities. None takes
            the probabilities of the stored model, which has seen most outcomes; the report says so.
        importance: mean absolute contribution by reason, in log-odds.
    """
    policy = Policy(description.policy.review_above, description.policy.decline_above)
    defaulted = loans.defaulted
    probabilities = comparison.probabilities if comparison else model.predict(examples.rows)
    decisions = np.array(policy.decide_all(probabilities))
    approved = decisions == get_args(Decision)[0]
    own = {"review above": policy.review_above, "decline above": policy.decline_above}
    found = effects(model.predict, examples.rows, description.excluded_fields, MONOTONICITY)
    values = {
        "tag": tag,
        "description": description,
        "loans": loans,
        "comparison": comparison,
        "gains": {each.name: (each.gain, each.gain_interval) for each in comparison.candidates[1:]}
        if comparison
        else {},
        "importance": dict(sorted(importance.items(), key=lambda item: -item[1])),
        "policy": policy,
        "lines": {f"{name} {line:g}": line for name, line in own.items()},
        "probabilities": probabilities,
        "measures": measure(defaulted, probabilities).as_dict(),
        "intervals": intervals(defaulted, probabilities),
        "curve": roc(defaulted, probabilities),
        "bins": calibration_bins(defaulted, probabilities),
        "ece_by_chance": ece_by_chance(probabilities),
        "decided": [_decided(each, decisions == each, defaulted) for each in get_args(Decision)],
        "cuts": by_threshold(defaulted, probabilities, sorted({*THRESHOLDS, *own.values()})),
        "own_cut": by_threshold(defaulted, probabilities, [policy.review_above])[0],
        "by_age": _by_age(loans, approved),
        "by_marital_status": _by_marital_status(loans, approved),
        "effects": found,
        "effects_top": min(1.0, 1.1 * max(each.probabilities.max() for each in found)),
        "guarantees": MONOTONICITY,
        "numbers": summarise_numbers(loans),
        "categories": summarise_categories(loans),
        "curves": curves,
        "pictures": pictures,
        "older": OLDER_AGE,
        "few": FEW,
        "smallest_reference": SMALLEST_REFERENCE,
    }
    return fill(TEMPLATE, values)


def _decided(decision: Decision, here: NDArray[np.bool_], defaulted: NDArray[np.bool_]) -> Decided:
    rate = float(defaulted[here].mean()) if here.any() else float("nan")
    return Decided(decision, int(here.sum()), float(here.mean()), rate)


def _by_age(loans: Dataset, approved: NDArray[np.bool_]) -> tuple[Group, ...]:
    older = (loans.applications["age"] >= OLDER_AGE).to_numpy()
    names = np.where(older, OLDER, YOUNGER)
    return by_group(names, approved, loans.defaulted, OLDER if older.all() else YOUNGER)


def _by_marital_status(loans: Dataset, approved: NDArray[np.bool_]) -> tuple[Group, ...]:
    names = loans.applications["marital"].to_numpy(dtype=str)
    groups = by_group(names, approved, loans.defaulted)
    large = [group for group in groups if group.rows >= SMALLEST_REFERENCE * len(names)]
    reference = max(large, key=lambda group: group.approval_rate)
    return by_group(names, approved, loans.defaulted, reference.name)
