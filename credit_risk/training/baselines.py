"""Plain models that the boosted trees must beat, and the interval of a gain over them.

They are logistic regressions, on the columns as they are and on splines of them. Everything that is
fitted (medians, scales, knots, weights) comes from the examples given and from nothing else.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from credit_risk.form import Form, Number
from credit_risk.model import Rows
from credit_risk.training.fitting import Examples, Predict

ITERATIONS: Final = 5000  # at most; unscaled splines need some hundred


def fit_logistic(examples: Examples) -> Predict:
    """Fit a logistic regression on the encoded columns; a missing number counts as the median."""
    weights = LogisticRegression(max_iter=ITERATIONS)
    return _fit(make_pipeline(_medians(), StandardScaler(), weights), examples)


def fit_spline_logistic(examples: Examples, form: Form) -> Predict:
    """Fit a logistic regression on a curve of each number instead of a straight line.

    The curve is a cubic spline of log(1 + number), the number counted from the smallest that the
    form accepts where that is below zero, with five knots at equal distances. It goes on as a line
    beyond the smallest and the largest number seen.
    """
    names = [name for name, each in form.numbers.items() if isinstance(each, Number)]
    numbers = [form.columns.index(name) for name in names]
    others = [place for place in range(len(form.columns)) if place not in numbers]
    lowest = np.array([min(form.numbers[name].low, 0) for name in names])
    splines = SplineTransformer(n_knots=5, degree=3, knots="uniform", extrapolation="linear")
    log = FunctionTransformer(lambda values: np.log1p(values - lowest))
    curves = make_pipeline(_medians(), log, splines)
    columns = make_column_transformer((curves, numbers), (_medians(), others))
    return _fit(make_pipeline(columns, LogisticRegression(max_iter=ITERATIONS)), examples)


def gain_interval(gains: Sequence[float], held_out_to_seen: float) -> tuple[float, float]:
    """Return the 95 % interval of a mean gain over folds (Nadeau & Bengio 2003, corrected t-test).

    Folds share most of their training rows, so their gains vary less than gains on new loans would.
    The correction multiplies the variance by 1/n + held_out_to_seen instead of 1/n.

    Worked example: gains 0.01, 0.02 and 0.03 with a fifth held out (0.25) have the mean 0.02, the
    standard deviation 0.01 and n - 1 = 2 degrees of freedom, so 4.303 in Student's table:
    0.02 ± 4.303 · 0.01 · √(1/3 + 0.25) = 0.02 ± 0.0329.

    Args:
        gains: (n,), at least two.
        held_out_to_seen: rows held out by rows fitted on.
    """
    error = np.std(gains, ddof=1) * np.sqrt(1 / len(gains) + held_out_to_seen)
    width = stats.t.ppf(0.975, len(gains) - 1) * error
    return float(np.mean(gains) - width), float(np.mean(gains) + width)


def _medians() -> SimpleImputer:
    # A column without any number stays, as zeros.
    return SimpleImputer(strategy="median", keep_empty_features=True)


def _fit(model: Pipeline, examples: Examples) -> Predict:
    # One thread: sums of several threads differ in the last bits with the number of cores.
    with threadpool_limits(1):
        model.fit(examples.rows, examples.defaulted)

    def predict(rows: Rows) -> NDArray[np.float64]:
        with threadpool_limits(1):
            probabilities: NDArray[np.float64] = model.predict_proba(rows)[:, 1]
        return probabilities

    return predict
