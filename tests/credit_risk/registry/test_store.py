"""A stored model that cannot be read at all is refused in a sentence, as one that does not fit."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore
from bentoml.exceptions import BentoMLConfigException, BentoMLException
from running import PROJECT, configured

from credit_risk.form import OWN_FORM, load_form
from credit_risk.registry import CreditRiskModel, model_tag
from credit_risk.registry.store import MODEL_NAME


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Iterator[Path]:
    """The folder of the model in a copy of the store, which BentoML takes for its own."""
    store = shutil.copytree(home / "models", tmp_path / "models")
    (found,) = (each for each in (store / MODEL_NAME).iterdir() if each.is_dir())
    with BentoMLContainer.model_store.patch(ModelStore(store)):
        yield found


def refusal() -> str:
    with pytest.raises(BentoMLException) as refused:
        CreditRiskModel(f"{MODEL_NAME}:latest").resolve()
    return str(refused.value)


def test_a_model_that_is_whole_is_found(folder: Path) -> None:
    stored = CreditRiskModel(f"{MODEL_NAME}:latest").resolve()

    assert Path(stored.path) == folder


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "malformed model.yaml"),
        (b"\xff\xfe", "UnicodeDecodeError: 'utf-8' codec"),
        (b"a: [", "ParserError: while parsing"),
        (b"[" * 5000, "RecursionError: "),
        (b"- a\n- list\n", "malformed model.yaml"),
        (b"name: only\n", "KeyError: 'version'"),
        (b"name: 5\nversion: 5\n", "AttributeError: "),
        (b"name: a\nversion: b\n", "ClassValidationError: "),
        (b"name: a\nversion: b\ncontext: 5\n", "TypeError: "),
    ],
)
def test_one_whose_model_yaml_is_damaged_is_refused(folder: Path, text: bytes, reason: str) -> None:
    (folder / "model.yaml").write_bytes(text)

    said = refusal()

    assert said.startswith(f"{MODEL_NAME}:{folder.name}: found no readable model.yaml (")
    assert reason in said
    assert "\n" not in said
    assert said.endswith(f"models/{MODEL_NAME}/{folder.name}, then python train.py")


def test_one_whose_model_yaml_is_cut_off_anywhere_is_refused(folder: Path) -> None:
    card = folder / "model.yaml"
    whole = card.read_bytes()
    for part in range(1, 8):
        card.write_bytes(whole[: len(whole) * part // 8])

        assert "; run: " in refusal()


def test_one_whose_metadata_is_no_card_is_refused(folder: Path) -> None:
    card = folder / "model.yaml"
    card.write_text(card.read_text().replace("metadata:\n", "metadata:\n  1: 2\n"))

    assert "found metadata without a valid 1, expected that of train.py" in refusal()


def test_one_with_a_file_that_cannot_be_read_is_refused(folder: Path) -> None:
    (folder / "report.html").unlink()
    (folder / "report.html").symlink_to("/proc/self/mem")

    assert "Input/output error, expected files that can be read; run: " in refusal()


def test_one_that_is_not_there_is_told(folder: Path) -> None:
    shutil.rmtree(folder)

    assert f"{MODEL_NAME}:{folder.name}: found no such model in the store" in refusal()


def test_a_bento_of_synthetic_loans_is_warned_of_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = CreditRiskModel(f"{MODEL_NAME}:{folder.name}", load_form(OWN_FORM))

    infos = [model.to_info() for _ in range(2)]  # of runner and classifier

    said = capsys.readouterr().err
    assert {str(info.tag) for info in infos} == {f"{MODEL_NAME}:{folder.name}"}
    assert said.startswith(f"Warning: {MODEL_NAME}:{folder.name}: The model learned from synthetic")
    assert said.count("\n") == 1


def test_a_bento_of_a_lender_s_loans_is_not_warned_of(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = folder / "model.yaml"
    card.write_text(card.read_text().replace("synthetic: true", "synthetic: false"))

    CreditRiskModel(f"{MODEL_NAME}:latest").to_info()

    assert capsys.readouterr().err == ""


def test_a_bento_of_a_model_that_does_not_fit_is_refused(folder: Path) -> None:
    (folder / "saved_model.ubj").write_bytes(b"damaged")

    with pytest.raises(BentoMLException, match=r"SHA-256 .*, as in its card; run"):
        CreditRiskModel(f"{MODEL_NAME}:latest").to_info()


GERMAN = load_form(str(PROJECT / "examples/german_credit/form.py"))


def add_german(folder: Path, version: str, day: int) -> str:
    """Put a model whose card names another form beside one."""
    other = shutil.copytree(folder, folder.with_name(version))
    card = yaml.safe_load((other / "model.yaml").read_text())
    card |= {"version": version, "creation_time": f"2999-01-{day:02}T00:00:00+00:00"}
    card["metadata"]["form"]["fingerprint"] = GERMAN.fingerprint
    (other / "model.yaml").write_text(yaml.safe_dump(card))
    return f"{MODEL_NAME}:{version}"


def test_a_model_of_another_form_is_refused_with_every_way_to_serve(folder: Path) -> None:
    tag = f"{MODEL_NAME}:{folder.name}"
    with pytest.raises(BentoMLException) as alone:
        CreditRiskModel(tag, GERMAN).resolve()
    newest, _ = add_german(folder, "newer", 2), add_german(folder, "older", 1)
    with pytest.raises(BentoMLException) as beside_others:
        CreditRiskModel(tag, GERMAN).resolve()

    ways = f"form: {OWN_FORM} in bentoconfiguration.yaml, or CREDIT_RISK_FORM={OWN_FORM}, serves"
    assert str(alone.value).endswith(f"; {ways} this one")
    named = f"; CREDIT_RISK_MODEL={newest} serves the newest of the form at hand"
    assert str(beside_others.value) == f"{alone.value}{named}"


@pytest.mark.usefixtures("folder")
def test_a_bento_whose_form_only_a_variable_names_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = CreditRiskModel(f"{MODEL_NAME}:latest", load_form(OWN_FORM))
    monkeypatch.setenv("CREDIT_RISK_FORM", OWN_FORM)
    monkeypatch.setenv("BENTOML_CONFIG", str(PROJECT / "bentoconfiguration.yaml"))
    model.to_info()  # which the file names, too
    (file,) = configured(tmp_path, {"credit_risk_classifier.form": "forms/other/form.py"}).items()
    monkeypatch.setenv(*file)

    with pytest.raises(BentoMLException) as refused:
        model.to_info()

    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(
        "found form: forms/other/form.py in bentoconfiguration.yaml, "
        f"expected form: {OWN_FORM} there, since a bento does not keep CREDIT_RISK_FORM"
    )


@pytest.mark.parametrize("named", ["credit_risk_model", "credit_risk_model:v7", "another:latest"])
def test_the_environment_names_the_model_to_serve(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("CREDIT_RISK_MODEL", named)

    assert model_tag() == named


@pytest.mark.parametrize("named", ["", "v7", ":v7", "credit_risk_model:", "a b:c", "x" * 99 + ":1"])
def test_what_names_no_model_is_refused(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("CREDIT_RISK_MODEL", named)

    with pytest.raises(BentoMLConfigException, match=f"^CREDIT_RISK_MODEL: found {named!r}, exp"):
        model_tag()
