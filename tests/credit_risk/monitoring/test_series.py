"""What is counted of decisions, read as ``GET /metrics`` reads it."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from course import COURSE_EXAMPLE, FORM
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import ValidationError

from credit_risk.form import sample_applications
from credit_risk.monitoring import Bins, publish_reference, read_reference
from credit_risk.monitoring.series import DecisionSeries
from credit_risk.registry import StoredModel, calls_of, load_checked


@pytest.fixture(scope="module")
def stored(home: Path) -> StoredModel:
    from bentoml._internal.models import ModelStore

    return load_checked(ModelStore(home / "models").get("credit_risk_model:latest"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


def counted(folder: Path, name: str) -> dict[tuple[str, ...], float]:
    """Values that are not 0, by the values of the labels in the order of their names."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == f"credit_risk_{name}" and sample.value
    }


def test_decisions_count_in_the_bins_of_the_reference(stored: StoredModel, folder: Path) -> None:
    series = DecisionSeries(stored)
    rows = stored.encoder.encode(sample_applications(FORM, 50))
    seen: list[Any] = []
    scorer = stored.scorer(*calls_of(stored.risk_model))
    answer = asyncio.run(scorer.assess_rows(rows, language="en"))
    risks = np.array(answer.default_probability, np.float32)
    seen = [(rows[:20], risks[:20], answer.status[:20], answer.reasons[:20])]  # type: ignore[index]
    seen += [(rows[20:], risks[20:], answer.status[20:], answer.reasons[20:])]  # type: ignore[index]

    series.add_decided(*zip(*seen, strict=True))

    bins = Bins(stored.form, read_reference(stored))
    expected = {
        (label, field): float(number)
        for field, counts in bins.count(rows, risks, answer.status).items()
        for label, number in zip(bins.by_field[field].labels, counts, strict=True)
        if number
    }
    assert counted(folder, "field_bin_total") == expected
    codes = Counter((why["code"],) for each in answer.reasons or () for why in each)  # type: ignore[index]
    assert counted(folder, "reasons_total") == codes
    assert counted(folder, "default_probability_count") == {(): 50}


def test_answers_count_by_outcome_and_path(stored: StoredModel, folder: Path) -> None:
    series = DecisionSeries(stored)

    series.add_answered([("/classify", ["MAYBE"]), ("/classify_batch", ["MAYBE", "APPROVED"])])

    assert counted(folder, "decisions_total") == {
        ("/classify", "MAYBE"): 1,
        ("/classify_batch", "MAYBE"): 1,
        ("/classify_batch", "APPROVED"): 1,
    }
    assert counted(folder, "rows_per_call_sum") == {(): 3}


def test_a_refused_row_counts_once_for_each_of_its_fields_and_a_foreign_one_has_no_name(
    stored: StoredModel, folder: Path
) -> None:
    series = DecisionSeries(stored)
    bad = COURSE_EXAMPLE | {"age": "x", "time": -1, "Ana": 1, "Luis": 2}
    with pytest.raises(ValidationError) as raised:
        stored.form.application.model_validate(bad)

    left = series.add_refused([raised.value, [{"loc": ("age",)}, {"loc": ()}]])

    assert left == []
    assert counted(folder, "refused_rows_total") == {("age",): 2, ("time",): 1, ("(other)",): 2}


def test_the_reference_is_published_with_the_model(stored: StoredModel, folder: Path) -> None:
    publish_reference(stored)

    shares = counted(folder, "reference_share")
    by_field: Counter[str] = Counter()
    for (_, field), share in shares.items():
        by_field[field] += share  # type: ignore[assignment]
    assert by_field == pytest.approx(dict.fromkeys(by_field, 1.0))
    assert set(by_field) == {*FORM.by_name, "default_probability", "decision"}
    ((*_, recipe, _),) = counted(folder, "model_info")
    assert recipe == stored.card.recipe
    assert counted(folder, "reference_rows") == {(): read_reference(stored).probability.rows}


def test_a_model_without_a_reference_counts_all_but_bins(
    stored: StoredModel, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StoredModel, "read", lambda *_: None)
    series = DecisionSeries(stored)
    rows = stored.encoder.encode(sample_applications(FORM, 2))

    publish_reference(stored)
    series.add_decided([rows], [np.array([0.1, 0.2], np.float32)], [["APPROVED"] * 2], [[[], []]])

    assert counted(folder, "default_probability_count") == {(): 2}
    assert counted(folder, "field_bin_total") == counted(folder, "reference_share") == {}
    assert len(counted(folder, "model_info")) == 1
