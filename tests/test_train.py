"""``train.py`` as people run it, and the model that it stores."""

import json
import os
import resource
import runpy
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from course import COLUMNS, MONOTONICITY
from running import PROJECT, environment, latest_model, run, wait_until

from credit_risk.decision import STANDARD_POLICY, make_policy, two_lines
from credit_risk.model import fingerprint

TRAIN = ("python", "train.py", "--repeats", "0")  # without the comparison, which takes time
TUNED = "{folder}/parameters.toml"
SYSTEM = pytest.mark.system
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
    assert make_policy(metadata["policy"]) == STANDARD_POLICY
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
    assert "sample.csv: 4,455 rows, 1 left out for unknown outcome\n" in shown
    tag = shown.split()[-1]
    metadata = card_of(tmp_path, tag)["metadata"]
    assert make_policy(metadata["policy"]) == two_lines(0.2, 0.5)
    assert metadata["data"]["synthetic"] is True


def test_the_same_data_makes_the_same_model(home: Path, tmp_path: Path) -> None:
    run(*TRAIN, home=tmp_path, afresh=True)

    for name in ("saved_model.ubj", "custom_objects.pkl", "golden.json", "reference.json"):
        first, second = ((latest_model(each) / name).read_bytes() for each in (home, tmp_path))
        assert first == second
    ours, theirs = (card_of(each)["metadata"] for each in (home, tmp_path))
    for card in (ours, theirs):
        del card["trained"]["at"]
        del card["files"]["report.html"]  # which has the model's tag
    assert ours == theirs


@pytest.mark.system
def test_the_real_data_is_learned_from(real_data: Path, tmp_path: Path) -> None:
    before = seconds_of_children()
    shown = run("python", "train.py", "--data", real_data, home=tmp_path, afresh=True).stdout
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

    metadata = card_of(tmp_path, "credit_risk_course_model:latest")["metadata"]
    assert not (tmp_path / "models" / "credit_risk_model").exists()
    assert metadata["recipe"] == "course"
    assert metadata["parameters"] == {
        "eta": 0.1,
        "max_depth": 3,
        "min_child_weight": 1,
        "rounds": 175,
    }
    assert 0.829 <= metadata["measures"]["test"]["auc"] <= 0.834


WRONG: list[tuple[list[str], str]] = [
    (["--data", "nowhere.csv"], "nowhere.csv: cannot be read"),
    (["--data", "README.md"], "README.md: found "),
    (["--parameters", "nowhere.toml"], "nowhere.toml: found no parameters"),
    (["--parameters", "README.md"], "README.md: found no parameters"),
    (["--review-above", "0.6"], "expected 0 < review_above <= decline_above < 1"),
    (["--data", "nowhere/CreditScoring.csv"], "No such file or directory; run: make data"),
    (["--tune", "1", "--tuned", "README.md/p.toml"], "README.md/p.toml: cannot be written: "),
]
ONE_AFTER_THE_OTHER = """
import contextlib, io, json, runpy, sys
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["train.py", *arguments]
    error = io.StringIO()
    with contextlib.redirect_stderr(error):
        try:
            runpy.run_path("train.py", run_name="__main__")
        except SystemExit as ended:
            print(json.dumps([ended.code, error.getvalue()]))
"""


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Exit code and sentence of each wrong run; in one process, as it starts slowly."""
    runs = json.dumps([[*TRAIN[2:], *arguments] for arguments, _ in WRONG])
    home = tmp_path_factory.mktemp("wrong")
    found = run("python", "-c", ONE_AFTER_THE_OTHER, runs, home=home).stdout
    return [json.loads(line) for line in found.splitlines() if line.startswith("[")]


@pytest.mark.parametrize("number", range(len(WRONG)), ids=lambda n: " ".join(WRONG[n][0]))
def test_a_wrong_argument_ends_in_one_sentence(refusals: list[Any], number: int) -> None:
    code, said = refusals[number]

    assert code == 2
    assert said.startswith("train.py: ")
    assert said.count("\n") == 1
    assert WRONG[number][1] in said


def refusal(*arguments: str | Path, home: Path) -> str:
    """The sentence that a run ends with, on the standard error, with exit code 2."""
    found = run(*TRAIN, *arguments, home=home, check=False)
    assert found.returncode == 2
    assert found.stderr.startswith("train.py: ")
    assert found.stderr.count("\n") == 1
    return found.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tune", "0"], "argument --tune: found '0', expected a whole number from 1 to 100000"),
        (["--tune", "-1"], "argument --tune: found '-1', expected a whole number from 1 to 100000"),
        (["--tune", "many"], "argument --tune: found 'many', expected a whole number from 1 to "),
        (["--tune", "9" * 5000], "argument --tune: found '999"),
        (["--compare"], "argument --compare: found --repeats 0, expected --repeats of 1 or more"),
        (["--compare", "--course"], "argument --course: not allowed with argument --compare"),
        (
            ["--repeats", "11"],
            "argument --repeats: found '11', expected a whole number from 0 to 10",
        ),
        (["--repeats", "nan"], "argument --repeats: found 'nan', expected a whole number from 0"),
        (["--review-above", "nan"], "argument --review-above: found 'nan', expected a number from"),
        (["--decline-above", "2"], "argument --decline-above: found '2', expected a number from 0"),
        (["--tuned", "p.toml"], "argument --tuned: does nothing without --tune"),
        (
            ["--tune", "1", "--review-above", "0.2"],
            "argument --review-above: does nothing with --tu",
        ),
        (
            ["--course", "--parameters", "p.toml"],
            "argument --parameters: does nothing with --course",
        ),
        (["--trees", "5"], "unrecognized arguments: --trees 5; python train.py --help lists the"),
    ],
)
def test_an_option_out_of_range_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """In this process, which has imported everything."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr("sys.argv", ["train.py", *TRAIN[2:], *arguments])
    try:
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(PROJECT / "train.py"), run_name="__main__")
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
    said = capsys.readouterr().err

    assert ended.value.code == 2
    assert said.startswith(f"train.py: {message}")
    assert said.count("\n") == 1


def test_an_option_out_of_range_makes_no_store(tmp_path: Path) -> None:
    found = run(*TRAIN, "--tune", "0", home=tmp_path, check=False)

    assert found.returncode == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (2, "loans.csv: found 2 loans, 1 of them defaults, expected at least 5 that ended in "),
        (20, "loans.csv: the validation part: found 4 loans, 0 of them defaults, expected at"),
    ],
)
def test_too_few_loans_to_learn_from_are_counted(tmp_path: Path, rows: int, message: str) -> None:
    loans = pd.read_csv(SAMPLE)
    defaults = loans["Status"] == 2
    few = pd.concat([loans[defaults][: max(1, rows // 4)], loans[~defaults]])[:rows]
    few.to_csv(tmp_path / "loans.csv", index=False)

    assert message in refusal("--data", tmp_path / "loans.csv", home=tmp_path / "home")


def test_the_same_loan_again_and_again_teaches_nothing(tmp_path: Path) -> None:
    loans = pd.concat([pd.read_csv(SAMPLE)[:1]] * 40).assign(Status=[1, 2] * 20)
    loans.to_csv(tmp_path / "loans.csv", index=False)

    said = refusal("--data", tmp_path / "loans.csv", home=tmp_path / "home")

    assert "found the same application in each of 40 rows" in said


def test_a_constant_column_is_no_fault(tmp_path: Path) -> None:
    loans = pd.read_csv(SAMPLE)[:400].assign(Age=30, Extra=1)
    loans.to_csv(tmp_path / "loans.csv", sep=";")  # with row labels

    shown = run(*TRAIN, "--data", tmp_path / "loans.csv", home=tmp_path / "home").stdout

    assert card_of(tmp_path / "home")["metadata"]["data"]["rows"]["read"] == 400
    notes = "semicolons; row labels left out; columns left out: 'Extra'"
    assert f"loans.csv: 400 rows, none left out; {notes}\n" in shown


def test_a_store_that_cannot_be_written_is_named_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    said = refusal(home=tmp_path / "file" / "home")

    assert said.startswith(f"train.py: {tmp_path}/file/home: the model store cannot take a model: ")
    assert said.endswith("to be writable and to have space; set BENTOML_HOME and TMPDIR\n")


ON_A_FULL_DISK = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (300 * 1024,) * 2)  # of a file; the report is larger
sys.argv[0] = "train.py"
runpy.run_path("train.py", run_name="__main__")
"""


def files_of(home: Path) -> dict[str, bytes]:
    """Every file of the models in a store."""
    found = (home / "models").rglob("*")
    return {str(path): path.read_bytes() for path in found if path.is_file()}


@pytest.mark.parametrize("options", ["", " --course"])
def test_a_full_disk_leaves_the_store_as_it_was(home: Path, tmp_path: Path, options: str) -> None:
    own = copied(home, tmp_path)
    before = files_of(own)

    found = run("python", "-c", ON_A_FULL_DISK, *TRAIN[2:], *options.split(), home=own, check=False)

    assert found.returncode == 2
    assert "the model store cannot take a model: File too large; expected" in found.stderr
    assert found.stderr.count("\n") == 1
    assert files_of(own) == before


def copied(home: Path, folder: Path) -> Path:
    """A copy of a home, with the models only."""
    shutil.copytree(home / "models", folder / "home" / "models")
    return folder / "home"


@pytest.mark.parametrize(
    ("word", "command"),
    [
        pytest.param(
            "import time:", ("-X", "importtime", "train.py", "--repeats", "0"), marks=SYSTEM
        ),
        pytest.param("read", ("-u", "train.py", "--repeats", "0"), marks=SYSTEM),
        pytest.param("split", ("-u", "train.py", "--repeats", "0"), marks=SYSTEM),
        ("fit", ("-u", "train.py", "--repeats", "0")),
        pytest.param("read", ("-u", "train.py", "--repeats", "1"), marks=SYSTEM),
        pytest.param("read", ("-u", "train.py", "--tune", "100", "--tuned", TUNED), marks=SYSTEM),
    ],
    ids=["imports", "read", "split", "fit", "compare", "tune"],
)
def test_ctrl_c_leaves_the_store_as_it_was(
    home: Path, tmp_path: Path, word: str, command: tuple[str, ...]
) -> None:
    own = copied(home, tmp_path)
    before = files_of(own)
    lines = []
    with subprocess.Popen(
        ["python", *(part.format(folder=tmp_path) for part in command)],
        env=environment(own),
        cwd=PROJECT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            # More than once: it is ignored for the moment in which processes are started.
            if line.startswith(word) and "bentoml" in line + "bentoml" * (word != "import time:"):
                wait_until(lambda: interrupted(process))

    said = [line for line in lines if not line.startswith("import time:")]
    assert process.wait() == 130
    assert said.count("train.py: interrupted; nothing was stored\n") == 1
    assert "Traceback" not in "".join(said)
    assert files_of(own) == before
    assert not (tmp_path / "parameters.toml").exists()


def interrupted(process: subprocess.Popen[str]) -> bool:
    """Press Ctrl-C, which every process of the group gets, and see whether it has ended."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    return process.poll() is not None


def test_any_locale_will_do(tmp_path: Path) -> None:
    data = tmp_path / "Kredite für März.csv"
    shutil.copyfile(SAMPLE, data)
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}

    shown = run(*TRAIN, "--data", data, home=tmp_path / "home", afresh=True, **ascii_only).stdout

    assert "read      Kredite f?r M?rz.csv: 4,455 rows" in shown
    assert card_of(tmp_path / "home")["metadata"]["data"]["name"] == "Kredite für März.csv"
    (report,) = (tmp_path / "home").rglob("report.html")
    assert "Kredite für März.csv" in report.read_text(encoding="utf-8")


@pytest.mark.system
def test_a_search_leaves_its_start_alone_and_says_how_to_train(tmp_path: Path) -> None:
    tracked = PROJECT / "credit_risk" / "training" / "parameters.toml"
    before = tracked.read_bytes()
    tuned = tmp_path / "new folder" / "parameters.toml"

    shown = run("python", "train.py", "--tune", "1", "--tuned", tuned, home=tmp_path).stdout
    command = shown.splitlines()[-1].removeprefix("next").strip()

    assert command == f"python train.py --parameters '{tuned}'"
    assert tracked.read_bytes() == before
    run(*shlex.split(command), "--repeats", "0", home=tmp_path)


def test_a_wrong_cell_is_named_with_file_row_and_column(tmp_path: Path) -> None:
    loans = pd.read_csv(SAMPLE)
    loans.loc[6, "Home"] = 9
    path = tmp_path / "loans.parquet"
    loans.to_parquet(path)

    found = run("python", "train.py", "--data", path, home=tmp_path, check=False)

    assert found.returncode == 2
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
    assert files.keys() == {
        *("saved_model.ubj", "custom_objects.pkl"),
        *("golden.json", "reference.json", "report.html"),
    }
    assert left == []
