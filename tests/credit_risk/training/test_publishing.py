"""A model in the store is whole, or is not there."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import bentoml
import pytest
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore
from course import FORM

from credit_risk.decision import STANDARD_POLICY
from credit_risk.errors import ModelRefusedError, UsageError
from credit_risk.model import fingerprint
from credit_risk.registry import (
    GOLDEN,
    Bands,
    Columns,
    Data,
    FormPart,
    GoldenAnswers,
    ModelDescription,
    Trained,
    hash_files,
)
from credit_risk.training.fitting import Examples, fit_model, fit_vectorizer
from credit_risk.training.publishing import new_tag, publish
from credit_risk.training.recipes import standard


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty store, which BentoML takes for its own."""
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path))
    models = tmp_path / "models"
    models.mkdir()
    with BentoMLContainer.model_store.patch(ModelStore(models)):
        yield models


def published(examples: Examples, **files: str) -> str:
    """The tag of a model that was stored a moment ago."""
    recipe = standard(FORM)
    booster, model = fit_model(recipe, examples)
    description = ModelDescription(
        recipe=recipe.name,
        trained=Trained(at="2026-01-01T00:00:00+00:00", seeds={}, split=""),
        form=FormPart(module=FORM.module, fingerprint=FORM.fingerprint, **FORM.data),
        policy=STANDARD_POLICY,
        columns=Columns(names=list(FORM.columns), fingerprint=fingerprint(FORM.columns)),
        data=Data(name="loans.csv", sha256="0", synthetic=False, rows={}, dropped={}),
        parameters={},
        measures={},
        bands=Bands(source="test", outcomes={}),
        inputs=list(recipe.inputs),
        guarantees=dict(recipe.never_falls_with),
        excluded_fields=list(FORM.prohibited),
        limits=[],
        versions={},
    )
    tag = new_tag("standard")
    golden = {GOLDEN: GoldenAnswers.of(FORM, model).model_dump_json()}
    publish(tag, booster, fit_vectorizer(FORM), description, golden | files)
    return tag


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("files", [{}, {"report.html": "<p>Für März"}])
def test_a_model_is_the_latest_and_its_card_has_the_hashes_of_its_files(
    examples: Examples, files: dict[str, str]
) -> None:
    published(examples)
    tag = published(examples, **files)

    latest = bentoml.models.get("credit_risk_model:latest")
    names = {"saved_model.ubj", "custom_objects.pkl", "golden.json", *files}

    assert str(latest.tag) == tag
    assert latest.info.metadata["files"] == hash_files(latest)
    assert latest.info.metadata["files"].keys() == names
    assert bentoml.xgboost.load_model(latest).num_boosted_rounds() == standard(FORM).rounds


@pytest.mark.parametrize("first", [True, False], ids=["the first model", "another one"])
@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), UsageError),
        (shutil.Error([("from", "to", "[Errno 28] No space left on device: 'to'")]), UsageError),
    ],
    ids=["Ctrl-C", "no space for the first file", "no space for a file"],
)
def test_one_that_is_cut_off_leaves_the_store_as_before(
    *,
    store: Path,
    examples: Examples,
    monkeypatch: pytest.MonkeyPatch,
    first: bool,
    fault: BaseException,
    raised: type[BaseException],
) -> None:
    if not first:
        published(examples)
    before = files_of(store)

    def copy_half(_: Path, to: Path, **__: object) -> None:
        (to / "saved_model.ubj").write_text("half")
        raise fault

    monkeypatch.setattr(shutil, "copytree", copy_half)

    with pytest.raises(raised, match=r"^$|the model store cannot take a model: .*No space left"):
        published(examples)
    assert files_of(store) == before
    assert list(store.iterdir()) == ([] if first else [store / "credit_risk_model"])


def test_a_model_that_would_not_be_served_is_not_stored(store: Path, examples: Examples) -> None:
    with pytest.raises(ModelRefusedError, match="found no golden answers"):
        published(examples, **{GOLDEN: "{}"})

    assert files_of(store) == {}


def test_a_store_that_cannot_be_written_is_refused_before_there_is_a_model(store: Path) -> None:
    store.rmdir()
    store.touch()

    with pytest.raises(UsageError, match=r"cannot take a model: Not a directory; expected it and"):
        new_tag("standard")


def test_a_store_with_a_damaged_model_is_refused_before_there_is_another(
    store: Path, examples: Examples
) -> None:
    damaged = store / published(examples).replace(":", "/") / "model.yaml"
    damaged.write_bytes(b"\xff")

    with pytest.raises(UsageError, match=r"cannot take a model: .*can't decode byte 0xff"):
        new_tag("standard")
