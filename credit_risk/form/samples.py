"""Made-up applications in seeded variety, for load tests, warm-up and tests.

Plausible, not realistic: every category occurs, numbers lie in everyday ranges and now and then
one that may be missing is. The rows describe nobody. For data to learn from see
``training.data.synthetic``.
"""

from random import Random

from credit_risk.form.application import Application
from credit_risk.form.vocabulary import CATEGORIES, OPTIONAL_FIELDS

EVERYDAY = {
    "seniority": (0, 30, 1),
    "time": (6, 72, 6),
    "age": (18, 75, 1),
    "expenses": (35, 180, 1),
    "income": (0, 500, 1),
    "assets": (0, 50_000, 500),
    "debt": (0, 5_000, 100),
    "amount": (100, 5_000, 50),
    "price": (100, 10_000, 50),
}
"""Smallest, largest and step of each number; units as in ``vocabulary.LIMITS``."""

MISSING_SHARE = 0.02


def sample_applications(count: int, seed: int = 0) -> list[Application]:
    """Draw ``count`` applications; the same seed draws the same ones."""
    random = Random(seed)  # noqa: S311  variety, not secrecy
    return [_draw(random) for _ in range(count)]


def _draw(random: Random) -> Application:
    values: dict[str, object] = {
        field: random.randrange(low, high + 1, step)
        for field, (low, high, step) in EVERYDAY.items()
    }
    for field in sorted(OPTIONAL_FIELDS):
        if random.random() < MISSING_SHARE:
            values[field] = None
    for field, words in CATEGORIES.items():
        values[field] = random.choice(list(words))
    return Application.model_validate(values)
