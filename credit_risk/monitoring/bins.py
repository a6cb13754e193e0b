"""Bins in which a reference and later decisions are counted, alike for all that is watched.

A bin that holds little of the reference is merged with others, because the critical value of a PSI
holds only where a bin is expected to hold five rows: of the fewest that are judged, 200.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.form import Form, YesNo
from credit_risk.model import Rows
from credit_risk.monitoring.reference import NumberCounts, Reference, WordCounts

RARE: Final = 0.025
"""Share of the reference below which a bin is merged: five of 200 rows."""
PROBABILITY: Final = "default_probability"
DECISION: Final = "decision"
MISSING: Final = "(missing)"
OTHER: Final = "(other)"
LAST: Final = "+Inf"


@dataclass(frozen=True)
class FieldBins:
    """Bins of a field, of the probability, or of the decision.

    Attributes:
        labels: of a number its largest in the bin, then ``+Inf``, then ``(missing)``; words, then
            ``(other)``, which no word of a form is called.
        reference: counts of the reference.
        edges: largest number of each bin but the last; empty of words.
    """

    labels: tuple[str, ...]
    reference: tuple[int, ...]
    edges: tuple[float, ...] = ()

    @classmethod
    def of_numbers(cls, found: NumberCounts) -> "FieldBins":
        """Merge neighbours until none is rare; if the missing are, the last bin has them."""
        edges, counts, least = list(found.edges), list(found.counts), RARE * found.rows
        missing = [found.missing] if found.missing >= least else []
        counts[-1] += 0 if missing else found.missing
        while len(counts) > 1 and min(counts) < least:
            place = counts.index(min(counts))
            around = [each for each in (place - 1, place + 1) if 0 <= each < len(counts)]
            left = min(place, min(around, key=counts.__getitem__))
            counts[left : left + 2] = [counts[left] + counts[left + 1]]
            del edges[left]
        labels = (*(f"{edge:g}" for edge in edges), LAST, *([MISSING] if missing else ()))
        return cls(labels, (*counts, *missing), tuple(edges))

    @classmethod
    def of_words(cls, found: WordCounts) -> "FieldBins":
        """Keep frequent words; the others, and who has none, are one bin that is not rare."""
        words = sorted(found.counts, key=found.counts.__getitem__, reverse=True)
        rest, least = found.missing, RARE * found.rows
        while words and (found.counts[words[-1]] < least or 0 < rest < least):
            rest += found.counts[words.pop()]
        kept = [word for word in found.counts if word in words]
        counts = tuple(found.counts[word] for word in kept)
        return cls((*kept, OTHER), (*counts, rest)) if rest else cls((*kept,), counts)

    def count_numbers(self, values: NDArray[np.floating]) -> NDArray[np.int64]:
        """Count numbers (n,), NaN where missing."""
        # Comparing is several times faster than searching for the place of each number. The edges
        # of a field are float32, as the numbers are; those of the probability are not.
        edges = [-np.inf, *self.edges]
        exact = [float(np.float32(edge)) for edge in edges] == edges
        numbers: Any = np.ascontiguousarray(values, dtype=np.float32 if exact else np.float64)
        above = [np.count_nonzero(numbers > edge) for edge in edges]
        counts = -np.diff([*above, 0])
        missing = len(numbers) - above[0]
        if self.labels[-1] == MISSING:
            return np.array([*counts, missing])
        counts[-1] += missing
        return counts

    def count_words(self, counts: Mapping[str, int], rows: int) -> NDArray[np.int64]:
        """Take counts by word, of so many rows; what has no bin counts in the last."""
        found = np.array([counts.get(label, 0) for label in self.labels])
        found[-1] += rows - found.sum()
        return found


class Bins:
    """Bins of everything that is watched of a model.

    Attributes:
        by_field: bins by field, then of the probability and of the decision.
        rows: of the reference.
    """

    def __init__(self, form: Form, reference: Reference) -> None:
        """Make the bins of the form's fields, of the probability and of the decision."""
        every = reference.fields | {
            PROBABILITY: reference.probability,
            DECISION: reference.decisions,
        }
        self.by_field = {
            name: FieldBins.of_numbers(each)
            if isinstance(each, NumberCounts)
            else FieldBins.of_words(each)
            for name, each in every.items()
        }
        self.rows = reference.probability.rows
        self._form = form
        index = {column: place for place, column in enumerate(form.columns)}
        self._numbers = {name: index[name] for name in form.numbers}
        self._words = {
            name: {word: index[f"{name}={word}"] for word in words}
            for name, words in form.categories.items()
        }

    def each(self) -> Iterator[tuple[str, str, float]]:
        """List every bin: field, label, share of the reference."""
        for name, of in self.by_field.items():
            for label, number in zip(of.labels, of.reference, strict=True):
                yield name, label, number / self.rows

    def count(
        self, rows: Rows, probabilities: NDArray[np.floating], statuses: Sequence[str]
    ) -> dict[str, NDArray[np.int64]]:
        """Count decisions: encoded rows (n, columns), probabilities (n,) and statuses (n,)."""
        decisions = Counter(statuses)
        sums = rows.sum(axis=0)  # exact: of 0 and 1, at most 16 million
        found = {
            name: self.by_field[name].count_words(
                {word: int(sums[place]) for word, place in words.items()}, len(rows)
            )
            for name, words in self._words.items()
        }
        for name, place in self._numbers.items():
            bins, values = self.by_field[name], rows[:, place]
            if isinstance(self._form.by_name[name], YesNo):
                yes, no = (int((values == each).sum()) for each in (1, 0))
                found[name] = bins.count_words({"yes": yes, "no": no}, len(rows))
            else:
                found[name] = bins.count_numbers(values)
        found[PROBABILITY] = self.by_field[PROBABILITY].count_numbers(probabilities)
        found[DECISION] = self.by_field[DECISION].count_words(decisions, len(rows))
        return {name: found[name] for name in self.by_field}
