"""Bins: none that is rare, and what is counted in them is what was counted for the reference."""

from collections import Counter

import numpy as np
import pytest
from course import ENCODER, FORM
from course import sample_applications as draw
from hypothesis import given
from hypothesis import strategies as st
from toys import toy

from credit_risk.form import sample_applications
from credit_risk.model import Encoder
from credit_risk.monitoring import Bins, FieldBins, NumberCounts, Reference, WordCounts
from credit_risk.monitoring.bins import RARE
from credit_risk.monitoring.reference import PROBABILITY_EDGES, count_fields

ROWS = ENCODER.encode(draw(1000))
PROBABILITIES = np.linspace(0, 1, 1000, dtype=np.float32)
STATUSES = ["APPROVED"] * 600 + ["MAYBE"] * 390 + ["DECLINED"] * 10


def reference(form=FORM, rows=ROWS) -> Reference:
    return Reference(
        fields=count_fields(form, rows),
        probability=NumberCounts.of(PROBABILITIES[: len(rows)], PROBABILITY_EDGES),
        decisions=WordCounts(rows=len(rows), counts=Counter(STATUSES[: len(rows)])),
        reasons=WordCounts(rows=0, counts={}),
    )


def test_the_rows_of_a_reference_have_its_counts() -> None:
    bins = Bins(FORM, reference())

    found = bins.count(ROWS, PROBABILITIES, STATUSES)

    assert list(found) == [*FORM.by_name, "default_probability", "decision"]
    for name, counts in found.items():
        assert tuple(counts) == bins.by_field[name].reference, name
        assert sum(counts) == len(ROWS)


def test_yes_and_no_are_counted() -> None:
    form = toy()
    rows = Encoder(form).encode(sample_applications(form, 300))
    bins = Bins(form, reference(form, rows))

    found = bins.count(rows, PROBABILITIES[:300], STATUSES[:300])

    assert tuple(found["owner"]) == bins.by_field["owner"].reference


def test_one_row_is_counted() -> None:
    bins = Bins(FORM, reference())

    found = bins.count(ROWS[:1], PROBABILITIES[:1], STATUSES[:1])

    assert {int(counts.sum()) for counts in found.values()} == {1}


@given(st.lists(st.integers(0, 400), min_size=1, max_size=10).filter(any), st.integers(0, 400))
def test_no_bin_of_numbers_is_rare_and_nothing_is_lost(counts: list[int], missing: int) -> None:
    edges = [float(edge) for edge in range(len(counts) - 1)]
    rows = sum(counts) + missing

    found = FieldBins.of_numbers(
        NumberCounts(rows=rows, missing=missing, edges=edges, counts=counts)
    )

    assert sum(found.reference) == rows
    assert set(found.edges) <= set(edges)
    numbers = found.reference[: len(found.edges) + 1]
    assert len(numbers) == 1 or min(numbers) >= RARE * rows
    assert len(found.labels) == len(found.reference)


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 400), min_size=1).filter(
        lambda counts: any(counts.values())
    ),
    st.integers(0, 40),
)
def test_no_bin_of_words_is_rare_and_nothing_is_lost(counts: dict[str, int], missing: int) -> None:
    rows = sum(counts.values()) + missing

    found = FieldBins.of_words(WordCounts(rows=rows, missing=missing, counts=counts))

    assert sum(found.reference) == rows
    assert min(found.reference) >= RARE * rows
    assert len(found.labels) == len(found.reference)


def test_rare_words_are_others_with_the_least_frequent_if_they_stay_rare() -> None:
    counts = {"fixed": 900, "partime": 90, "freelance": 8, "unk": 2}

    found = FieldBins.of_words(WordCounts(rows=1000, counts=counts))

    assert (found.labels, found.reference) == (("fixed", "(other)"), (900, 100))


def test_a_word_that_nobody_had_counts_in_the_last_bin() -> None:
    found = FieldBins(("yes", "no"), (5, 5)).count_words({"yes": 1, "perhaps": 2}, 3)

    assert found.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("missing", "labels", "counted"),
    [(100, ("1", "+Inf", "(missing)"), [1, 1, 2]), (1, ("1", "+Inf"), [1, 3])],
)
def test_the_missing_have_a_bin_unless_they_are_rare(
    missing: int, labels: tuple[str, ...], counted: list[int]
) -> None:
    counts = NumberCounts(rows=200 + missing, missing=missing, edges=[1], counts=[100, 100])

    bins = FieldBins.of_numbers(counts)

    assert bins.labels == labels
    values = np.array([1, 2, np.nan, np.nan], np.float32)
    assert bins.count_numbers(values).tolist() == counted
