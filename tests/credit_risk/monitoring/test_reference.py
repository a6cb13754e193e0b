"""The reference: counts of what a model learned from, to compare later applications with."""

import asyncio
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import bentoml
import numpy as np
import pytest
import yaml
from course import CATEGORIES, COLUMNS, ENCODER, FORM, OPTIONAL_FIELDS, PROHIBITED_FIELDS
from course import sample_applications as draw
from hypothesis import given
from hypothesis import strategies as st
from running import latest_model
from toys import toy

from credit_risk.decision import Decider, Scorer, make_policy
from credit_risk.errors import ModelRefusedError
from credit_risk.form import sample_applications
from credit_risk.model import Encoder
from credit_risk.monitoring import NumberCounts, Reference, make_reference, read_reference
from credit_risk.monitoring.reference import BINS, count_fields, edges_of
from credit_risk.registry import StoredModel, calls_of, hash_files, load_checked

OUTCOMES = ("APPROVED", "MAYBE", "DECLINED")
ROWS = ENCODER.encode(draw(300))


@pytest.fixture(scope="module")
def stored(home: Path) -> StoredModel:
    return load_checked(bentoml.Model.from_path(latest_model(home)))


@pytest.fixture(scope="module")
def scorer(stored: StoredModel) -> Scorer:
    return stored.scorer(*calls_of(stored.risk_model))


@pytest.fixture(scope="module")
def reference(scorer: Scorer) -> Reference:
    return asyncio.run(make_reference(FORM, scorer, ROWS))


def test_every_field_is_counted_also_the_one_that_no_model_may_see(reference: Reference) -> None:
    assert list(reference.fields) == list(FORM.by_name)
    assert set(PROHIBITED_FIELDS) <= reference.fields.keys()
    for name, found in reference.fields.items():
        counts = found.counts if isinstance(found, NumberCounts) else found.counts.values()

        assert sum(counts) + found.missing == found.rows == len(ROWS)
        if name in OPTIONAL_FIELDS:
            assert found.missing == np.isnan(ROWS[:, COLUMNS.index(name)]).sum()


def test_decisions_and_reasons_are_those_that_are_given(
    reference: Reference, scorer: Scorer
) -> None:
    answers = asyncio.run(scorer.assess_encoded(ROWS, language="en"))

    decided = Counter(each["status"] for each in answers)
    assert reference.decisions.counts == {word: decided[word] for word in OUTCOMES}
    assert list(reference.decisions.counts) == list(OUTCOMES)
    assert reference.decisions.rows == reference.probability.rows == len(ROWS)
    given = Counter(reason["code"] for each in answers for reason in each["reasons"])
    assert reference.reasons.counts == given
    assert reference.reasons.rows == decided["MAYBE"] + decided["DECLINED"]


def test_a_decision_that_nobody_got_is_counted_as_none(scorer: Scorer) -> None:
    lines = scorer.decider.policy.lines | {"DECLINED": 0.999999}
    outcomes = [{"status": name, "up_to": line} for name, line in lines.items()]
    policy = make_policy({"outcomes": [*outcomes, {"status": "LATER"}]})

    later = replace(scorer, decider=Decider(policy, FORM))
    found = asyncio.run(make_reference(FORM, later, ROWS))

    assert found.decisions.counts["LATER"] == 0


def test_probabilities_are_counted_in_the_same_bins_for_all_models(
    reference: Reference, scorer: Scorer
) -> None:
    found = reference.probability

    answers = asyncio.run(scorer.assess_encoded(ROWS, language="en"))
    least = sum(each["default_probability"] <= 0.01 for each in answers)
    assert found.edges == [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7]
    assert found.counts[0] == least
    assert sum(found.counts[:6]) == reference.decisions.counts["APPROVED"]  # up to 0.3


def test_many_rows_are_counted_as_few(
    reference: Reference, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credit_risk.monitoring.reference.ROWS_AT_ONCE", 7)

    assert asyncio.run(make_reference(FORM, scorer, ROWS)) == reference


def test_a_reference_survives_being_written_and_read(reference: Reference) -> None:
    assert Reference.model_validate_json(reference.model_dump_json()) == reference


def test_words_and_answers_are_counted_by_name() -> None:
    form = toy()
    applications = sample_applications(form, 200)
    missing = Counter(each.owner for each in applications)

    found = count_fields(form, Encoder(form).encode(applications))

    assert found["place"].counts == Counter(each.place for each in applications)
    assert found["owner"].counts == {"yes": missing[True], "no": missing[False]}
    assert found["owner"].missing == missing[None]


def test_all_words_of_a_category_are_listed(reference: Reference) -> None:
    for name, words in CATEGORIES.items():
        assert list(reference.fields[name].counts) == list(words)


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        (range(1, 1001), [100, 200, 300, 400, 500, 600, 700, 800, 900]),
        ([3, 1, 2, 2, np.nan], [1, 2]),  # few values: a bin each
        ([0] * 900 + list(range(1, 101)), [0]),
        (list(range(1, 101)) + [500] * 900, [100]),
        ([7, 7], []),
        ([np.nan, np.nan], []),
        ([], []),
    ],
)
def test_edges_make_bins_of_equal_count(values: object, edges: list[float]) -> None:
    assert edges_of(np.array(values, dtype=np.float32)) == edges


@given(st.lists(st.floats(-(2**40), 2**40, width=32) | st.just(float("nan")), max_size=200))
def test_no_bin_is_empty_in_training(values: list[float]) -> None:
    numbers = np.array(values, dtype=np.float32)

    found = NumberCounts.of(numbers, edges_of(numbers))

    known = np.count_nonzero(~np.isnan(numbers))
    assert sum(found.counts) == known == found.rows - found.missing
    assert len(found.counts) == len(found.edges) + 1 <= BINS
    assert not known or min(found.counts) > 0


def test_a_number_on_an_edge_is_in_the_bin_below() -> None:
    numbers = np.array([0.3, np.nextafter(np.float32(0.3), np.float32(1)), 0.1, 9], np.float32)

    found = NumberCounts.of(numbers, [float(np.float32(0.3))])

    assert found.counts == [2, 2]


def test_a_model_s_reference_is_of_the_loans_that_it_learned_from(stored: StoredModel) -> None:
    found = read_reference(stored)

    rows = stored.card.data.rows
    learned_from = rows["train"] + rows["validation"]
    assert {each.rows for each in found.fields.values()} == {learned_from}
    assert found.decisions.rows == found.probability.rows == learned_from


@pytest.mark.parametrize("text", [None, "", '{"fields": {}}'])
def test_a_model_without_a_reference_is_refused(
    home: Path, tmp_path: Path, text: str | None
) -> None:
    folder = Path(shutil.copytree(latest_model(home), tmp_path / "model"))
    (folder / "reference.json").unlink()
    if text is not None:
        (folder / "reference.json").write_text(text)
    card = yaml.safe_load((folder / "model.yaml").read_text())
    card["metadata"]["files"] = hash_files(bentoml.Model.from_path(folder))
    (folder / "model.yaml").write_text(yaml.safe_dump(card))
    stored = load_checked(bentoml.Model.from_path(folder))

    with pytest.raises(ModelRefusedError, match=r"found no reference \(reference.json: .*train.py"):
        read_reference(stored)
