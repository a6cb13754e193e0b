"""The report on a model, for a lender's risk officer: one HTML file that needs nothing else.

Every number in it is computed here; the text is in ``report.html`` beside this file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.decision import Decider
from credit_risk.form import Compared, Form, plain
from credit_risk.model import RiskModel
from credit_risk.pages import fill
from credit_risk.registry import ModelDescription
from credit_risk.training.approval_rates import Group, by_group, by_threshold
from credit_risk.training.calibration import calibration_bins, ece_by_chance
from credit_risk.training.data.dataset import Dataset
from credit_risk.training.data.quality import summarise_categories, summarise_numbers
from credit_risk.training.evaluation import intervals, measure, roc
from credit_risk.training.fitting import Examples
from credit_risk.training.reporting import curves, pictures
from credit_risk.training.reporting.effects import effects

if TYPE_CHECKING:  # it loads what fits all models
    from credit_risk.training.comparison import Comparison

TEMPLATE: Final = Path(__file__).with_name("report.html")
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

    decision: str
    rows: int
    share: float
    default_rate: float


def render(  # noqa: PLR0913  each subject of a report by its name
    *,
    form: Form,
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
        form: of the applications.
        tag: of the stored model.
        description: of the model.
        loans: n loans of its training and test.
        examples: the same loans encoded, in the same order.
        model: as stored.
        comparison: with other models; the report shows its out-of-fold probabilities. None takes
            the probabilities of the stored model, which has seen most outcomes; the report says so.
        importance: mean absolute contribution by reason, in log-odds.
    """
    policy = description.policy
    decider = Decider(policy, form)
    defaulted = loans.defaulted
    probabilities = comparison.probabilities if comparison else model.predict(examples.rows)
    decisions: NDArray[Any] = np.array(decider.decide(examples.rows, probabilities), dtype=object)
    approved = decisions == decider.mildest
    own = list(policy.lines.values())
    excluded = description.excluded_fields
    found = effects(form, model.predict, examples.rows, excluded, form.directions)
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
        "lines": {f"{name} up to {line:g}": line for name, line in policy.lines.items()},
        "probabilities": probabilities,
        "measures": measure(defaulted, probabilities).as_dict(),
        "intervals": intervals(defaulted, probabilities),
        "curve": roc(defaulted, probabilities),
        "bins": calibration_bins(defaulted, probabilities),
        "ece_by_chance": ece_by_chance(probabilities),
        "decided": [_decided(each, decisions == each, defaulted) for each in policy.statuses],
        "cuts": by_threshold(defaulted, probabilities, sorted({*THRESHOLDS, *own})),
        "roles": {line: f"{name} up to it" for name, line in policy.lines.items()},
        "held": decider.count_held(examples.rows),
        "own_cut": by_threshold(defaulted, probabilities, own[:1])[0],
        "compared": [(each, _groups(each, loans, approved)) for each in form.compared],
        "units": {name: getattr(each, "unit", "") for name, each in form.numbers.items()},
        "effects": found,
        "effects_top": min(1.0, 1.1 * max(each.probabilities.max() for each in found)),
        "guarantees": form.directions,
        "prohibited": form.prohibited,
        "numbers": summarise_numbers(loans, form),
        "categories": summarise_categories(loans, form),
        "curves": curves,
        "pictures": pictures,
        "few": FEW,
        "smallest_reference": SMALLEST_REFERENCE,
    }
    return fill(TEMPLATE, values)


def _decided(decision: str, here: NDArray[np.bool_], defaulted: NDArray[np.bool_]) -> Decided:
    rate = float(defaulted[here].mean()) if here.any() else float("nan")
    return Decided(decision, int(here.sum()), float(here.mean()), rate)


def _groups(compared: Compared, loans: Dataset, approved: NDArray[np.bool_]) -> tuple[Group, ...]:
    values: Any = loans.applications[compared.field]
    if compared.limit is not None:
        limit = plain(compared.limit)
        above = (values >= compared.limit).to_numpy()
        names = np.where(above, f"{limit} and over", f"under {limit}")
        reference = f"{limit} and over" if above.all() else f"under {limit}"
        return by_group(names, approved, loans.defaulted, reference)
    names = values.replace({1.0: "yes", 0.0: "no"}).to_numpy(dtype=str)
    groups = by_group(names, approved, loans.defaulted)
    large = [group for group in groups if group.rows >= SMALLEST_REFERENCE * len(names)]
    best = max(large, key=lambda group: group.approval_rate)
    return by_group(names, approved, loans.defaulted, best.name)
