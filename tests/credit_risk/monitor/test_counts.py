"""Counts of a log: exact, by day, and of each decision once."""

import json
import stat
from collections import Counter
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from course import COLUMNS, ENCODER, FORM
from watched import Watched

from audit_log import BrokenLogError
from credit_risk.monitor.counts import KEPT, Counts, count_log

Write = Callable[..., Path]


def total(days: dict[str, Counts]) -> Counts:
    whole = Counts()
    for each in days.values():
        whole.add(each)
    return whole


def count(log: Path, watched: Watched) -> dict[str, Counts]:
    return count_log(log, watched.stored, watched.bins)


def test_decisions_are_counted_as_they_are(watched: Watched, write: Write) -> None:
    decisions = watched.decisions

    days = count(write(decisions), watched)

    found = total(days)
    assert [*days][:2] == ["2026-03-01", "2026-03-02"]
    assert {each.rows for each in days.values()} == {10}
    assert found.rows == len(decisions)
    assert found.statuses == Counter(each["status"] for each in decisions)
    assert found.probability == pytest.approx(sum(each["probability"] for each in decisions))
    explained = [each for each in decisions if each["status"] != "APPROVED"]
    assert found.explained == len(explained)
    codes = Counter(reason["code"] for each in explained for reason in each["reasons"])
    assert found.reasons == codes
    jobs = Counter(each["application"]["job"] for each in decisions)
    labels = watched.bins.by_field["job"].labels
    assert dict(zip(labels, found.fields["job"], strict=True))["fixed"] == jobs["fixed"]
    assert {sum(counts) for counts in found.fields.values()} == {len(decisions)}


def test_what_was_counted_is_counted_once_and_the_rest_is_added(
    watched: Watched, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write(watched.decisions[:100])
    first = count(log, watched)
    write(watched.decisions[100:], days=10)
    counted = []
    of = Counts.of.__func__

    def spied(cls: Any, bins: Any, rows: Any, *rest: Any, **how: Any) -> Counts:
        counted.append(len(rows))
        return of(cls, bins, rows, *rest, **how)

    monkeypatch.setattr(Counts, "of", classmethod(spied))
    second = count(log, watched)

    assert sum(counted) == len(watched.decisions) - 100
    assert stat.S_IMODE((log / KEPT).stat().st_mode) == 0o600
    assert {day: second[day] for day in first} == first
    (log / KEPT).unlink()
    assert count(log, watched) == second


@pytest.mark.parametrize("kept", ["", "{", '{"files": 7}'])
def test_counts_that_cannot_be_read_are_counted_anew(
    watched: Watched, write: Write, kept: str
) -> None:
    log = write(watched.decisions)
    found = count(log, watched)
    (log / KEPT).write_text(kept)

    assert count(log, watched) == found


def test_counts_in_other_bins_or_by_another_program_are_not_used(
    watched: Watched, write: Write
) -> None:
    log = write(watched.decisions)
    found = count(log, watched)
    kept = json.loads((log / KEPT).read_text())
    for each in kept["files"].values():
        each["basis"] = "of another"
        each["days"] = {}
    (log / KEPT).write_text(json.dumps(kept))

    assert count(log, watched) == found


def test_a_changed_log_is_refused_although_it_was_counted(watched: Watched, write: Write) -> None:
    log = write(watched.decisions)
    count(log, watched)
    (file,) = log.glob("*.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"fixed"', b'"other"', 1))

    with pytest.raises(BrokenLogError, match="line 1: found a line that does not fit its own hash"):
        count(log, watched)


def test_rows_of_arrays_are_counted_as_applications(watched: Watched, write: Write) -> None:
    rows = ENCODER.encode_mappings(each["application"] for each in watched.decisions)
    arrays = [
        {name: value for name, value in each.items() if name != "application"}
        | {"row": [None if isnan(value) else value for value in row.tolist()]}
        for each, row in zip(watched.decisions, rows, strict=True)
    ]

    log = write(arrays)
    found = count(log, watched)

    for file in log.iterdir():
        file.unlink()
    assert count(write(watched.decisions), watched) == found
    assert len(arrays[0]["row"]) == len(COLUMNS)


@pytest.mark.parametrize("kind", ["application", "row"])
def test_hidden_fields_are_not_counted(
    watched: Watched, write: Write, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("CREDIT_RISK_DECISION_LOG_KEY", "k" * 16)
    decisions = watched.decisions
    if kind == "row":
        encoded = ENCODER.encode_mappings(each["application"] for each in decisions)
        decisions = [
            {name: value for name, value in each.items() if name != "application"}
            | {"row": row.tolist()}
            for each, row in zip(decisions, encoded, strict=True)
        ]

    found = total(count(write(decisions, leave_out=["age"], hash=["income", "job"]), watched))

    hidden = {"age", "income", "job"}
    assert found.fields.keys() == {*FORM.by_name, "default_probability", "decision"} - hidden
    assert found.rows == len(decisions)


def test_decisions_by_another_policy_or_another_model_are_not_compared(
    watched: Watched, write: Write
) -> None:
    log = write(watched.decisions[:50], header={"policy": {"sha256": "another"}})
    write(watched.decisions[50:], header={"model": "credit_risk_model:another"}, days=5)

    found = total(count(log, watched))

    assert found.rows == 50
    assert "decision" not in found.fields
    assert "age" in found.fields


def test_a_folder_that_cannot_be_written_is_counted(
    watched: Watched, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write(watched.decisions)
    monkeypatch.setattr("credit_risk.monitor.counts.KEPT", "gone/counts")

    assert total(count(log, watched)).rows == len(watched.decisions)
    assert [file.suffix for file in log.iterdir()] == [".jsonl"]
