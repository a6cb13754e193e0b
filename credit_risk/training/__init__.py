"""Training: loans in, a stored model and its report out. It does not ship.

Each name is imported when it is first used: the comparison, the search and the pictures take
seconds to load, and most callers need none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_risk.training.comparison import compare, count_fits
    from credit_risk.training.data.dataset import Dataset, read_loans
    from credit_risk.training.evaluation import measure, measure_bands
    from credit_risk.training.fitting import (
        FOLDS,
        TREE_SEED,
        Examples,
        Recipe,
        fit_booster,
        fit_model,
        fit_vectorizer,
    )
    from credit_risk.training.provenance import current_revision, current_user
    from credit_risk.training.publishing import new_tag, publish
    from credit_risk.training.recipes import PARAMETERS, course, standard
    from credit_risk.training.reporting.report import render
    from credit_risk.training.terminal import Terminal
    from credit_risk.training.tuning import require_writable, tune, write_parameters

__all__ = [
    "FOLDS",
    "PARAMETERS",
    "TREE_SEED",
    "Dataset",
    "Examples",
    "Recipe",
    "Terminal",
    "compare",
    "count_fits",
    "course",
    "current_revision",
    "current_user",
    "fit_booster",
    "fit_model",
    "fit_vectorizer",
    "measure",
    "measure_bands",
    "new_tag",
    "publish",
    "read_loans",
    "render",
    "require_writable",
    "standard",
    "tune",
    "write_parameters",
]

_MODULES = {
    **dict.fromkeys(("compare", "count_fits"), "comparison"),
    **dict.fromkeys(("Dataset", "read_loans"), "data.dataset"),
    **dict.fromkeys(("measure", "measure_bands"), "evaluation"),
    **dict.fromkeys(
        ("FOLDS", "TREE_SEED", "Examples", "Recipe", "fit_booster", "fit_model", "fit_vectorizer"),
        "fitting",
    ),
    **dict.fromkeys(("current_revision", "current_user"), "provenance"),
    **dict.fromkeys(("new_tag", "publish"), "publishing"),
    **dict.fromkeys(("PARAMETERS", "course", "standard"), "recipes"),
    "render": "reporting.report",
    "Terminal": "terminal",
    **dict.fromkeys(("require_writable", "tune", "write_parameters"), "tuning"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  of each name its own type
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
