"""``train.py`` as people run it, and the model that it stores."""

import json
import resource
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from running import PROJECT, run

from credit_risk.decision import MONOTONICITY
from credit_risk.form import COLUMNS
from credit_risk.model import fingerprint

TRAIN = ("python", "train.py", "--repeats", "0")  # without the comparison, which takes time
SAMPLE = PROJECT / "data" / "sample.csv"


def seconds_of_children() -> float:
    """Processor time of all commands that have ended, other work on the machine left out."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def card_of(home: Path, tag: str = "credit_risk_model:latest") -> dict[str, Any]:
    found = run("bentoml", "models", "get", tag, "-o", "json", home=home)
    model: dict[str, Any] = json.loads(found.stdout)
    return model


def test_the_model_in_the_store_carries_its_card(home: Path) -> None:
    model = card_of(home)
    metadata = model["metadata"]

    assert model["signatures"] == {"predict": {"batchable": True, "batch_dim": [0, 0]}}
    assert model["labels"] == {"project": "credit-risk", "recipe": "standard"}
    assert metadata["columns"] == {"names": list(COLUMNS), "fingerprint": fingerprint(COLUMNS)}
    assert metadata["policy"] == {"review_above": 0.3, "decline_above": 0.5}
    assert metadata["data"]["rows"]["read"] == 4455
    assert set(metadata["measures"]) == {"train", "validation", "test"}
    assert metadata["parameters"]["rounds"] > 0
    assert "xgboost" in metadata["versions"]


def test_training_shows_its_steps_and_ends_with_the_measures_and_the_tag(tmp_path: Path) -> None:
    given = ("--data", "data/sample.csv", "--review-above", "0.2")
    shown = run(*TRAIN, *given, home=tmp_path).stdout

    for step in ("read", "split", "fit", "store"):
        assert any(line.startswith(step) for line in shown.splitlines())
    for word in ("AUC", "Gini", "KS", "Brier", "train", "validation", "test"):
        assert word in shown
    tag = shown.split()[-1]
    metadata = card_of(tmp_path, tag)["metadata"]
    assert metadata["policy"] == {"review_above": 0.2, "decline_above": 0.5}
    assert metadata["data"]["synthetic"] is True


def test_the_same_data_makes_the_same_model(tmp_path: Path) -> None:
    tags = [run(*TRAIN, home=tmp_path).stdout.split()[-1] for _ in range(2)]

    for name in ("saved_model.ubj", "custom_objects.pkl"):
        first, second = (
            (tmp_path / "models" / tag.replace(":", "/") / name).read_bytes() for tag in tags
        )
        assert first == second


@pytest.mark.system
def test_the_real_data_is_learned_from(real_data: Path, tmp_path: Path) -> None:
    before = seconds_of_children()
    shown = run("python", "train.py", "--data", real_data, home=tmp_path).stdout
    seconds = seconds_of_children() - before

    metadata = card_of(tmp_path)["metadata"]
    assert metadata["data"]["synthetic"] is False
    assert metadata["data"]["name"] == "CreditScoring.csv"
    assert metadata["data"]["dropped"] == {"unknown outcome": 1}
    assert metadata["measures"]["test"]["auc"] >= 0.838
    assert metadata["measures"]["out of fold"]["auc"] >= 0.848
    assert metadata["measures"]["out of fold"]["ece"] <= 0.025
    assert metadata["excluded_fields"] == ["marital"]
    assert metadata["guarantees"] == dict(MONOTONICITY)
    for model in ("course", "logistic regression", "spline logistic", "ours"):
        assert any(line.strip("│ ").startswith(model) for line in shown.splitlines())
    assert seconds <= 90


def test_the_course_s_model_is_reproduced(real_data: Path, tmp_path: Path) -> None:
    run("python", "train.py", "--course", "--data", real_data, home=tmp_path)

    metadata = card_of(tmp_path)["metadata"]
    assert metadata["recipe"] == "course"
    assert metadata["parameters"] == {
        "eta": 0.1,
        "max_depth": 3,
        "min_child_weight": 1,
        "rounds": 175,
    }
    assert 0.829 <= metadata["measures"]["test"]["auc"] <= 0.834


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere.csv"], "nowhere.csv: cannot be read"),
        (["--data", "README.md"], "README.md: found "),
        (["--parameters", "nowhere.toml"], "nowhere.toml: found no parameters"),
        (["--parameters", "README.md"], "README.md: found no parameters"),
        (["--review-above", "0.6"], "expected 0 < review_above <= decline_above < 1"),
    ],
)
def test_a_wrong_argument_ends_in_one_sentence(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    found = run(*TRAIN, *arguments, home=tmp_path, check=False)

    assert found.returncode == 1
    assert found.stderr.startswith("train.py: ")
    assert message in found.stderr
    assert "Traceback" not in found.stderr


def test_a_wrong_cell_is_named_with_file_row_and_column(tmp_path: Path) -> None:
    loans = pd.read_csv(SAMPLE)
    loans.loc[6, "Home"] = 9
    path = tmp_path / "loans.parquet"
    loans.to_parquet(path)

    found = run("python", "train.py", "--data", path, home=tmp_path, check=False)

    assert found.returncode == 1
    assert "loans.parquet: row 7, column 'Home': found '9', expected one of 0 (unk)" in found.stderr


def test_a_model_lists_exports_imports_and_deletes(home: Path, tmp_path: Path) -> None:
    there = tmp_path / "another home"
    tag = str(card_of(home)["name"]) + ":" + str(card_of(home)["version"])
    file = tmp_path / "model.bentomodel"

    run("bentoml", "models", "export", tag, file, home=home)
    run("bentoml", "models", "import", file, home=there)
    listed = yaml.safe_load(run("bentoml", "models", "list", "-o", "json", home=there).stdout)
    moved = card_of(there, tag)
    folder = there / "models" / tag.replace(":", "/")
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    del files["model.yaml"]
    run("bentoml", "models", "delete", "--yes", tag, home=there)
    left = yaml.safe_load(run("bentoml", "models", "list", "-o", "json", home=there).stdout)

    assert [model["tag"] for model in listed] == [tag]
    assert moved == card_of(home, tag)
    assert moved["metadata"]["files"] == files
    assert files.keys() == {"saved_model.ubj", "custom_objects.pkl", "report.html"}
    assert left == []
