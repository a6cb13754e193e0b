"""The results of a run: numbers by name, one a round, and their medians and quartiles."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import numpy as np


@dataclass(frozen=True)
class Spread:
    """One number a round, summed up.

    Attributes:
        median: of them.
        low: their first quartile.
        high: their third quartile.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Spread":
        """Sum up the numbers, of which there is at least one."""
        low, middle, high = np.quantile(numbers, (0.25, 0.5, 0.75)).tolist()
        return cls(middle, low, high)

    def text(self, form: str = ",.0f") -> str:
        """Write median [first to third quartile]."""
        low, high = format(self.low, form), format(self.high, form)
        return f"{self.median:{form}} [{low} to {high}]"


@dataclass
class Results:
    """Everything that a run found.

    Attributes:
        facts: what it ran on and with, for people.
        checked: answers compared with the booster's, by service.
        numbers: measurements by name, one for each of the first rounds; e.g.
            ``ours/one x32/rate``.
    """

    facts: dict[str, str] = field(default_factory=dict)
    checked: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, number: float) -> None:
        """Keep a measurement of the present round."""
        self.numbers.setdefault(name, []).append(number)

    def spread(self, name: str) -> Spread | None:
        """Sum up the rounds; None if it was not measured."""
        numbers = self.numbers.get(name)
        return Spread.of(numbers) if numbers else None

    def ratio(self, over: str, under: str) -> Spread | None:
        """Divide round by round, so that what slows a whole round does not count."""
        pairs = zip(self.numbers.get(over, []), self.numbers.get(under, []), strict=False)
        ratios = [a / b for a, b in pairs if b]
        return Spread.of(ratios) if ratios else None

    def by_size(self, name: str) -> dict[int, float]:
        """Medians by size over the same rounds, for a name with ``{}`` in the place of the size."""
        before, _, after = name.partition("{}")
        sizes = (each.removeprefix(before).removesuffix(after) for each in self.numbers)
        found = {int(s): self.numbers[name.format(s)] for s in sizes if s.isdecimal()}
        rounds = min(map(len, found.values()), default=0)
        return {size: median(numbers[:rounds]) for size, numbers in sorted(found.items())}

    def costs(self, name: str) -> dict[int, float]:
        """Microseconds of one by size, for the name of a rate as for ``by_size``."""
        return {size: 1e6 / rate for size, rate in self.by_size(name).items()}

    def write(self, path: Path) -> None:
        """Write all of it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
