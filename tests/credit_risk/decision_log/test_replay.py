"""What a replay tells of decisions that come out otherwise, and of those that it cannot repeat."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit_log.errors import BrokenLogError
from audit_log.group_commit import GroupCommit
from audit_log.writer import Writer
from credit_risk.decision import STANDARD_POLICY, Reasons, Scorer
from credit_risk.decision_log import Recorder
from credit_risk.decision_log import replay as module
from credit_risk.decision_log.context import installed_versions
from credit_risk.decision_log.redaction import Redaction
from credit_risk.decision_log.replay import MOST_DIFFERENCES, Replayed, replay
from credit_risk.form import COLUMNS, sample_applications
from credit_risk.model import Encoder, Rows
from credit_risk.training.fitting import fit_vectorizer

SAMPLES = sample_applications(50, seed=3)
ENCODER = Encoder(fit_vectorizer())
AGE = COLUMNS.index("age")
HEADER = {
    "model": "m:1",
    "model_sha256": "abc",
    "versions": installed_versions(),
    "left_out": [],
    "hashed": [],
}


def scorer(hundred: float = 100) -> Scorer:
    """One whose probability of default is a hundredth of the age."""

    async def predict(rows: Rows) -> np.ndarray:
        return rows[:, AGE] / np.float32(hundred)

    async def explain(rows: Rows) -> np.ndarray:
        found = np.zeros((len(rows), len(COLUMNS) + 1), dtype=np.float32)
        found[:, AGE] = rows[:, AGE] / np.float32(hundred)
        return found

    return Scorer(ENCODER, predict, explain, STANDARD_POLICY, Reasons(COLUMNS), "m:1")


def store(monkeypatch: pytest.MonkeyPatch, model: object) -> None:
    """Have this under every tag: a model, or why there is none."""
    monkeypatch.setattr(module, "_load", lambda _: model)


def model(hundred: float = 100, unused: frozenset[str] = frozenset(), digest: str = "abc") -> Any:
    return module._Model(scorer(hundred), unused, digest)


def log(folder: Path, redaction: Redaction = Redaction(), **header: object) -> Path:  # noqa: B008  frozen
    """Log decisions on applications and on rows, with reasons and without."""
    hidden = {"left_out": redaction.leave_out, "hashed": redaction.hash}
    writer = Writer(folder, HEADER | hidden | header, worker=1, max_file_size=10**6)

    async def decide() -> None:
        recorder = Recorder(scorer(), GroupCommit(writer), redaction)
        for reasons in (True, False):
            asked = [recorder.accept(each) for each in SAMPLES]
            await recorder.assess(asked, reasons=reasons)
            await recorder.assess_rows(ENCODER.encode(SAMPLES), reasons=reasons)
        await recorder.close()

    asyncio.run(decide())
    return folder


ALL = 4 * len(SAMPLES)


def test_the_same_model_decides_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, model())

    assert replay(log(tmp_path)) == Replayed(same=ALL)


def test_another_probability_is_told_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(monkeypatch, model(np.nextafter(np.float32(100), np.float32(101))))

    found = replay(log(tmp_path))

    assert found.different > 0
    assert found.same + found.different == ALL
    assert len(found.differences) == MOST_DIFFERENCES
    assert {each.what for each in found.differences} == {"probability"}
    assert all(each.then != each.now for each in found.differences)


def test_reasons_are_compared_where_somebody_had_asked_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(monkeypatch, model(60))
    monkeypatch.setattr(module, "MOST_DIFFERENCES", 10 * ALL)

    found = replay(log(tmp_path))

    told = [each.what for each in found.differences]
    assert (found.same, found.different) == (0, ALL)
    assert told.count("probability") == ALL
    assert 0 < told.count("reasons") <= ALL / 2
    assert 0 < told.count("status") < ALL


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ("m:1 is not in the store; put it there: bentoml models import", "m:1 is not in the store"),
        (model(digest="of another"), "the m:1 in the store is not the one that decided"),
    ],
)
def test_without_the_model_that_decided_nothing_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: object, why: str
) -> None:
    store(monkeypatch, found)

    replayed = replay(log(tmp_path))

    ((reason, count),) = replayed.skipped.items()
    assert (reason.startswith(why), count) == (True, ALL)
    assert (replayed.same, replayed.different) == (0, 0)


@pytest.mark.parametrize(
    "redaction",
    [Redaction(leave_out=("home", "debt")), Redaction(hash=("home", "debt"), key=b"k" * 16)],
    ids=["left out", "hashed"],
)
def test_what_the_model_does_not_look_at_need_not_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redaction: Redaction
) -> None:
    folder = log(tmp_path, redaction)

    store(monkeypatch, model(unused=frozenset({"home", "debt"})))
    assert replay(folder) == Replayed(same=ALL)

    store(monkeypatch, model(unused=frozenset({"home"})))
    assert replay(folder).skipped == {"the model looks at what was not kept: debt": ALL}


@pytest.mark.parametrize(
    "wrong",
    [{}, {"row": [1.0]}, {"row": 7}, {"application": {}}, {"application": SAMPLES[0].model_dump()}],
)
def test_a_decision_that_no_service_wrote_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object]
) -> None:
    store(monkeypatch, model())
    writer = Writer(tmp_path, HEADER, worker=1, max_file_size=10**6)
    writer.write([wrong])
    writer.close()

    with pytest.raises(BrokenLogError, match="jsonl: found what no service wrote"):
        replay(tmp_path)


@pytest.mark.parametrize("wrong", [{"model": 7}, {"left_out": None}, {"versions": []}])
def test_a_header_that_no_service_wrote_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object]
) -> None:
    monkeypatch.setattr(module, "_load", {"m:1": model()}.__getitem__)

    with pytest.raises(BrokenLogError, match="jsonl: found what no service wrote"):
        replay(log(tmp_path / "log", **wrong))


def test_other_versions_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, model())
    versions = installed_versions()

    found = replay(log(tmp_path, versions=versions | {"numpy": "0.1"}))

    assert found.same == ALL
    assert found.notes == {f"decided with numpy 0.1, replayed with {versions['numpy']}"}
