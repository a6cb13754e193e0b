"""Made-up applications in seeded variety, for load tests, warm-up and tests.

Plausible, not realistic: every word occurs, numbers lie in everyday ranges, and now and then one
that may be missing is. They describe nobody.
"""

from random import Random
from typing import Any, Final

from credit_risk.form.fields import Number
from credit_risk.form.form import Form

MISSING_SHARE: Final = 0.02


def sample_applications(form: Form, count: int, seed: int = 0) -> list[Any]:
    """Draw ``count`` applications; the same seed draws the same ones."""
    random = Random(seed)  # noqa: S311  variety, not secrecy
    return [form.application.model_validate(_draw(form, random)) for _ in range(count)]


def _draw(form: Form, random: Random) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, each in form.numbers.items():
        if isinstance(each, Number):
            first, last, step = each.everyday
            drawn = first + step * random.randrange(int((last - first) / step) + 1)
            values[name] = min(drawn, last)  # a sum can be rounded up
        else:
            values[name] = random.random() < 0.5  # noqa: PLR2004  heads or tails
    for name in sorted(form.optional):
        if random.random() < MISSING_SHARE:
            values[name] = None
    for name, words in form.categories.items():
        values[name] = random.choice(words)
    return values
