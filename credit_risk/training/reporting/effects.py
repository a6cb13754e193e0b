"""Effects of each field on the probability of default: partial dependence.

Every loan of a sample gets one value of the field after the other; its other fields stay as they
are. The mean probability is the effect.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.form import Form
from credit_risk.model import Rows
from credit_risk.training.fitting import Predict

SAMPLE: Final = 300  # loans at most
STEPS: Final = 25
ENDS: Final = (0.01, 0.99)  # quantiles; hardly any loan lies beyond them
ROUNDING: Final = 1e-6  # error of a float32 probability; a smaller change is none


@dataclass(frozen=True, eq=False)  # no ==: arrays do not compare to one truth value
class Effect:
    """Effect of one field.

    Attributes:
        field: of the application.
        values: (k,) of the field; numbers rise, categories are in the vocabulary's order.
        probabilities: (k,) mean probability of default with each value, 0 to 1.
        counts: number of all loans in each category; empty for a number.
        deciles: nine numbers that cut the loans into tenths; empty for categories.
        direction: demanded by the policy: -1 never up as the number grows, +1 never down, 0 free.
            For categories: 0 if the policy demands nothing.
        broken: number of loans in the sample whose own probability moves against the direction.
        sample: number of loans in the sample.
    """

    field: str
    values: tuple[float, ...] | tuple[str, ...]
    probabilities: NDArray[np.float64]
    counts: tuple[int, ...]
    deciles: tuple[float, ...]
    direction: int
    broken: int
    sample: int

    @property
    def swing(self) -> float:
        """Largest less smallest mean probability, 0 to 1."""
        return float(np.ptp(self.probabilities))


def effects(  # noqa: PLR0913, PLR0917  a sample has a seed
    form: Form,
    predict: Predict,
    rows: Rows,
    excluded_fields: Collection[str] = (),
    guarantees: Mapping[str, int] | None = None,
    seed: int = 0,
) -> tuple[Effect, ...]:
    """Compute the effect of each field that is not excluded or never known, largest swing first.

    Args:
        form: of the applications.
        predict: encoded rows to probabilities of default.
        rows: encoded loans.
        excluded_fields: of the application.
        guarantees: +1 or -1 by field or ``field=category``, as ``Form.directions``.
        seed: of the sample.
    """
    random = np.random.default_rng(seed)
    sample = rows[random.choice(len(rows), min(SAMPLE, len(rows)), replace=False)]
    found = [
        (_of_number if field in form.numbers else _of_categories)(
            form, field, predict, rows, sample, guarantees or {}
        )
        for field in (*form.numbers, *form.categories)
        if field not in excluded_fields and not _unknown(form, field, rows)
    ]
    return tuple(sorted(found, key=lambda effect: -effect.swing))


def _unknown(form: Form, field: str, rows: Rows) -> bool:
    return field in form.numbers and bool(np.isnan(rows[:, form.columns.index(field)]).all())


def _of_number(  # noqa: PLR0913, PLR0917  as ``effects``
    form: Form,
    field: str,
    predict: Predict,
    rows: Rows,
    sample: Rows,
    guarantees: Mapping[str, int],
) -> Effect:
    place = form.columns.index(field)
    known = rows[:, place][~np.isnan(rows[:, place])]
    low, high = (float(end) for end in np.quantile(known, ENDS))
    values = np.linspace(low, high, STEPS)
    each = _predict_each(predict, sample, [place], values[:, None])
    direction = guarantees.get(field, 0)
    broken = (direction * np.diff(each, axis=0) < -ROUNDING).any(axis=0)
    return Effect(
        field=field,
        values=tuple(values.tolist()),
        probabilities=each.mean(axis=1),
        counts=(),
        deciles=tuple(np.quantile(known, np.arange(0.1, 0.95, 0.1)).tolist()),
        direction=direction,
        broken=int(broken.sum()),
        sample=len(sample),
    )


def _of_categories(  # noqa: PLR0913, PLR0917  as ``effects``
    form: Form,
    field: str,
    predict: Predict,
    rows: Rows,
    sample: Rows,
    guarantees: Mapping[str, int],
) -> Effect:
    categories = form.categories[field]
    places = [form.columns.index(f"{field}={category}") for category in categories]
    each = _predict_each(predict, sample, places, np.eye(len(categories)))
    directions = [guarantees.get(f"{field}={category}", 0) for category in categories]
    broken = np.zeros(len(sample), dtype=bool)
    for mine, direction in zip(each, directions, strict=True):
        lower = each[[other < direction for other in directions]]
        broken |= (mine - lower < -ROUNDING).any(axis=0)
    return Effect(
        field=field,
        values=categories,
        probabilities=each.mean(axis=1),
        counts=tuple(int(count) for count in rows[:, places].sum(axis=0)),
        deciles=(),
        direction=int(any(directions)),
        broken=int(broken.sum()),
        sample=len(sample),
    )


def _predict_each(
    predict: Predict, sample: Rows, places: list[int], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (k, m): each of the m loans with each of the (k, len(places)) values in its row."""
    varied = np.repeat(sample[None], len(values), axis=0)
    varied[:, :, places] = values[:, None, :]
    found = predict(varied.reshape(-1, sample.shape[1])).astype(np.float64)
    return found.reshape(len(values), len(sample))
