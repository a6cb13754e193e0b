"""What a replay tells of decisions that come out otherwise, and of those that it cannot repeat."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore
from course import COLUMNS, ENCODER, FORM, sample_applications

from audit_log import BrokenLogError, LogWriter
from credit_risk.decision import STANDARD_POLICY, Decider, Reasons, Scorer, two_lines
from credit_risk.decision_log import Recorder
from credit_risk.decision_log import replay as module
from credit_risk.decision_log.redaction import Redaction
from credit_risk.decision_log.replay import MOST_DIFFERENCES, Replayed, ReplayModel, load_model
from credit_risk.decision_log.settings import DECISIONS
from credit_risk.model import Rows
from credit_risk.registry import installed_versions

SAMPLES = sample_applications(50, seed=3)
AGE = COLUMNS.index("age")
HEADER = {
    "model": "m:1",
    "model_sha256": "abc",
    "versions": installed_versions(),
    "left_out": [],
    "hashed": [],
}


REASONS = {each: Reasons(FORM, COLUMNS, each) for each in ("en", "es")}


def scorer(hundred: float = 100) -> Scorer:
    """One whose probability of default is a hundredth of the age."""

    async def predict(rows: Rows) -> np.ndarray:
        return rows[:, AGE] / np.float32(hundred)

    async def explain(rows: Rows) -> np.ndarray:
        found = np.zeros((len(rows), len(COLUMNS) + 1), dtype=np.float32)
        found[:, AGE] = rows[:, AGE] / np.float32(hundred)
        return found

    return Scorer(ENCODER, predict, explain, Decider(STANDARD_POLICY, FORM), REASONS, "m:1")


def model(
    hundred: float = 100, unused: frozenset[str] = frozenset(), digest: str = "abc"
) -> ReplayModel:
    return ReplayModel(scorer(hundred), FORM, digest, unused)


def replay(path: Path, found: ReplayModel | str) -> Replayed:
    """Replay with this under every tag: a model, or why there is none."""
    return module.replay(path, load={"m:1": found}.__getitem__)


def log(folder: Path, redaction: Redaction = Redaction(FORM), **header: object) -> Path:  # noqa: B008  frozen
    """Log decisions on applications and on rows, with reasons and without."""
    hidden = {"left_out": redaction.leave_out, "hashed": redaction.hash}
    fields = HEADER | hidden | header
    writer = LogWriter(folder, fields, kind=DECISIONS)

    async def decide() -> None:
        recorder = Recorder(scorer(), writer, redaction)
        for language in ("es", None):
            pending = [recorder.accept(each) for each in SAMPLES]
            await recorder.assess(pending, language=language)
            await recorder.assess_rows(ENCODER.encode(SAMPLES), language=language)
        await recorder.close()

    asyncio.run(decide())
    return folder


ALL = 4 * len(SAMPLES)


def test_a_log_is_replayed_by_the_policy_of_its_header(tmp_path: Path) -> None:
    stricter = two_lines(0.2, 0.25)
    before = {"review_above": 0.3, "decline_above": 0.5}  # as headers had it before rules
    odd = {"outcomes": stricter.model_dump()["outcomes"], "rules": [{"field": "shoe"}]}

    same = replay(log(tmp_path / "before", policy=before), model())
    other = replay(log(tmp_path / "other", policy=stricter.model_dump()), model())
    refused = replay(log(tmp_path / "odd", policy=odd), model())

    assert same == Replayed(same=ALL)
    assert other.different > 0
    assert {each.what for each in other.differences} <= {"status", "reasons"}
    assert refused.same == refused.different == 0
    assert sum(refused.skipped.values()) == ALL


def test_the_same_model_decides_the_same(tmp_path: Path) -> None:
    assert replay(log(tmp_path), model()) == Replayed(same=ALL)


def test_another_probability_is_told_to_the_last_bit(tmp_path: Path) -> None:
    another = model(np.nextafter(np.float32(100), np.float32(101)))

    found = replay(log(tmp_path), another)

    assert found.different > 0
    assert found.same + found.different == ALL
    assert len(found.differences) == MOST_DIFFERENCES
    assert {each.what for each in found.differences} == {"probability"}
    assert all(each.then != each.now for each in found.differences)


def test_reasons_are_compared_where_somebody_had_asked_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_DIFFERENCES", 10 * ALL)

    found = replay(log(tmp_path), model(60))

    told = [each.what for each in found.differences]
    assert (found.same, found.different) == (0, ALL)
    assert told.count("probability") == ALL
    assert 0 < told.count("reasons") <= ALL / 2
    assert 0 < told.count("status") < ALL


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ("m:1 is not in the store; put it there: bentoml models import", "m:1 is not in the store"),
        (
            model(digest="of another"),
            "the m:1 in the store is not the one that decided; import that one: bentoml models",
        ),
    ],
)
def test_without_the_model_that_decided_nothing_is_repeated(
    tmp_path: Path, found: ReplayModel | str, why: str
) -> None:
    replayed = replay(log(tmp_path), found)

    ((reason, count),) = replayed.skipped.items()
    assert (reason.startswith(why), count) == (True, ALL)
    assert (replayed.same, replayed.different) == (0, 0)


@pytest.mark.parametrize(
    "redaction",
    [
        Redaction(FORM, leave_out=("home", "debt")),
        Redaction(FORM, hash=("home", "debt"), key=b"k" * 16),
    ],
    ids=["left out", "hashed"],
)
def test_what_the_model_does_not_look_at_need_not_be_kept(
    tmp_path: Path, redaction: Redaction
) -> None:
    folder = log(tmp_path, redaction)

    assert replay(folder, model(unused=frozenset({"home", "debt"}))) == Replayed(same=ALL)
    assert replay(folder, model(unused=frozenset({"home"}))).skipped == {
        "the decision needs what was not kept: debt; nothing brings it back, see leave_out and "
        "hash": ALL
    }


@pytest.mark.parametrize(
    "wrong",
    [{}, {"row": [1.0]}, {"row": 7}, {"application": {}}, {"application": SAMPLES[0].model_dump()}],
)
def test_a_decision_that_no_service_wrote_is_told(tmp_path: Path, wrong: dict[str, object]) -> None:
    writer = LogWriter(tmp_path, HEADER, kind=DECISIONS)
    writer.append([wrong])
    writer.close()

    with pytest.raises(BrokenLogError, match="jsonl: found what no service wrote"):
        replay(tmp_path, model())


@pytest.mark.parametrize("wrong", [{"model": 7}, {"left_out": None}, {"versions": []}])
def test_a_header_that_no_service_wrote_is_told(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(BrokenLogError, match="jsonl: found what no service wrote"):
        replay(log(tmp_path / "log", **wrong), model())


def test_other_versions_are_noted(tmp_path: Path) -> None:
    versions = installed_versions()

    found = replay(log(tmp_path, versions=versions | {"numpy": "0.1"}), model())

    assert found.same == ALL
    assert found.notes == {f"decided with numpy 0.1, replayed with {versions['numpy']}"}


@pytest.fixture
def stored(home: Path, tmp_path: Path) -> Iterator[Path]:
    """The folder of the model in a copy of the store, which BentoML takes for its own."""
    models = shutil.copytree(home / "models", tmp_path / "models")
    (folder,) = (each for each in (models / "credit_risk_model").iterdir() if each.is_dir())
    with BentoMLContainer.model_store.patch(ModelStore(models)):
        yield folder


def test_a_model_of_the_store_can_decide_again(stored: Path) -> None:
    found = load_model(f"credit_risk_model:{stored.name}")

    assert isinstance(found, ReplayModel)
    assert found.unused == {"marital"}


def test_each_cause_has_its_own_advice(stored: Path) -> None:
    tag, card = f"credit_risk_model:{stored.name}", stored / "model.yaml"
    whole = card.read_text()
    said = {}

    card.write_text(whole.replace("fingerprint: ", "fingerprint: 0", 2))
    said["another form"] = load_model(tag)
    card.write_text(whole.replace("module: credit_risk.form.credit_scoring", "module: gone.form"))
    said["no form"] = load_model(tag)
    card.write_text(whole)
    (stored / "saved_model.ubj").write_bytes(b"")
    said["damaged"] = load_model(tag)
    said["gone"] = load_model("credit_risk_model:gone")

    assert all(isinstance(each, str) for each in said.values())
    assert "found a model of the form credit_scoring 0" in str(said["another form"])
    assert "found its form away (form gone.form: found No module named" in str(said["no form"])
    for cause in ("another form", "no form"):
        assert str(said[cause]).endswith("; replay where that form is as it was then")
    assert "saved_model.ubj: SHA-256" in str(said["damaged"])
    assert "; import it as it was (bentoml models import), and" in str(said["damaged"])
    assert str(said["gone"]).endswith("is not in the store; put it there: bentoml models import")
    assert not [cause for cause, sentence in said.items() if "train.py" in str(sentence)]
