"""Decisions of a trained model, and logs of them as the service writes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore
from course import FORM, Application
from running import PROJECT

from credit_risk.decision_log import DecisionLogSettings
from credit_risk.files import ColumnReader, find_columns, open_source
from credit_risk.monitor.models import load_model
from credit_risk.monitoring import Bins, Reference, read_reference
from credit_risk.registry import StoredModel, calls_of

SAMPLE = PROJECT / "data" / "sample.csv"
FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Watched(NamedTuple):
    """A model, what it learned from, and decisions of it in which nothing has drifted."""

    stored: StoredModel
    reference: Reference
    bins: Bins
    decisions: list[dict[str, Any]]

    def decide(self, applications: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Entries of the log, without the time."""
        scorer = self.stored.scorer(*calls_of(self.stored.risk_model))
        sent = [Application.model_validate(each) for each in applications]
        answers = asyncio.run(scorer.assess(sent, language="en"))
        return [
            {
                "id": f"id/{number}",
                "key": None,
                "application": vars(each),
                "row_sha256": "0",
                "probability": answer["default_probability"],
                "status": answer["status"],
                "reasons": answer["reasons"],
            }
            for number, (each, answer) in enumerate(zip(sent, answers, strict=True))
        ]

    def write(
        self,
        folder: Path,
        decisions: list[dict[str, Any]],
        *,
        days: int = 0,
        header: Any = None,
        **hidden: Any,
    ) -> Path:
        """Write decisions to a log in a folder, ten a day from the first of March."""
        settings = DecisionLogSettings.model_validate({"path": str(folder), **hidden}, context=FORM)
        writer = settings.writer(self.stored, 1)
        writer.header = {**writer.header, **(header or {})}
        redaction = settings.redaction(FORM)
        entries = [
            {"decided_at": (FIRST + timedelta(days=days + n // 10)).isoformat(), **each}
            for n, each in enumerate(decisions)
        ]
        writer.append(map(redaction.entry, entries) if redaction.fields else entries)
        writer.close()
        return folder


@contextmanager
def watching(home: Path) -> Iterator[Watched]:
    """A model of the store at ``home``, which is the store of this process meanwhile."""
    with BentoMLContainer.model_store.patch(ModelStore(home / "models")):
        stored = load_model("credit_risk_model:latest")
        reference = read_reference(stored)
        empty = Watched(stored, reference, Bins(FORM, reference), [])
        yield empty._replace(decisions=empty.decide(applications(400)))


def applications(count: int) -> list[dict[str, Any]]:
    """Some of those that the model learned from."""
    source = open_source(SAMPLE, {"seniority"})
    columns = find_columns(FORM, source.labels, source.name)
    (part,) = source.parts()
    cells = part.cells.take(np.random.default_rng(5).permutation(part.cells.num_rows)[:count])
    values = {
        name: [
            ColumnReader(FORM.by_name[name]).value_of(each) for each in cells[column].to_pylist()
        ]
        for name, column in columns.items()
    }
    return [dict(zip(values, each, strict=True)) for each in zip(*values.values(), strict=True)]
