"""A refusal to start ends in one sentence, without a traceback."""

import socket
from pathlib import Path

import pytest
from running import PROJECT, configured, free_port, run

MAKE_WRONG_MODELS = """
import copy, pathlib, sys
import bentoml, bentoml.xgboost, numpy, xgboost
from sklearn.feature_extraction import DictVectorizer
from credit_risk.registry import hash_files

good = bentoml.models.get("credit_risk_model:latest")
learned = bentoml.xgboost.load_model(good)
names = learned.feature_names

def train(names, looks_at=("income",), rounds=3, **parameters):
    rows = numpy.random.default_rng(0).random((500, len(names)))
    risky = rows[:, [names.index(name) for name in looks_at]].sum(axis=1)  # more is worse
    risky = risky > numpy.median(risky)
    known = xgboost.DMatrix(rows, label=risky, feature_names=names)
    return xgboost.train({"objective": "binary:logistic"} | parameters, known, rounds)

def store(how):
    objects, booster = dict(good.custom_objects), learned
    metadata = copy.deepcopy(dict(good.info.metadata))
    match how:
        case "no vectorizer":
            objects = {}
        case "something to run":
            objects["more"] = pathlib.PurePosixPath("whatever its name is")
        case "other columns":
            objects = {"DictVectorizer": DictVectorizer().fit([{"age": 1, "shoe": 42}])}
        case "no metadata":
            metadata = {"format": metadata["format"]}
        case "thresholds out of order":
            metadata["policy"]["outcomes"][0]["up_to"] = 0.6
        case "another fingerprint":
            metadata["columns"] = metadata["columns"] | {"fingerprint": "0" * 64}
        case "free trees":
            booster = train(names, max_depth=2)
        case "deep trees":
            booster = train(names, names, max_depth=12, min_child_weight=0, eta=1)
        case "dart" | "gblinear":
            booster = train(names, booster=how)
        case "another objective":
            booster = train(names, objective="reg:squarederror")
        case "no trees":
            booster = train(names, rounds=0)
        case "inputs in another order":
            booster = train(names[::-1])
        case "marital status":
            booster = train(["income", "marital=single"])
            metadata["inputs"] = ["income", "marital=single"]
        case "another xgboost":
            metadata["versions"] = metadata["versions"] | {"xgboost": "2.1.0"}
    name = "wrong_" + how.replace(" ", "_")
    made = bentoml.xgboost.save_model(name, booster, custom_objects=objects, metadata=metadata)
    stored = bentoml.models.get(made.tag)
    golden = pathlib.Path(good.path_of("golden.json")).read_text()
    if how == "another xgboost":
        golden = golden.replace('"default_probability": 0.', '"default_probability": 0.0')
    pathlib.Path(stored.path_of("golden.json")).write_text(golden)
    if how != "no metadata":
        stored.info.metadata["files"] = hash_files(stored)
        with open(stored.path_of("model.yaml"), "w", encoding="utf-8") as card:
            stored.info.dump(card)
    return stored.path

for how in sys.argv[1:]:
    print(how, store(how), sep=":")
"""
WRONG = {
    "no vectorizer": ("custom objects: none", "a DictVectorizer among them"),
    "something to run": ("PurePosixPath in its pickle", "a DictVectorizer and nothing else"),
    "other columns": ("found 2 columns, expected ", "the form's columns"),
    "no metadata": ("metadata without a valid recipe, trained, form, policy", "that of train.py"),
    "thresholds out of order": ("metadata without a valid policy", "that of train.py"),
    "another fingerprint": ("columns with fingerprint 000000000000", "expected "),
    "free trees": ("do not keep what is guaranteed for income", "trained with constraints"),
    "deep trees": ("found a leaf behind ", "that this code can explain"),
    "dart": ("a booster dart for binary:logistic", "that this code can explain"),
    "gblinear": ("a booster gblinear for binary:logistic", "that this code can explain"),
    "another objective": ("a booster gbtree for reg:squarederror", "that this code can explain"),
    "no trees": ("found no trees", "that this code can explain"),
    "inputs in another order": ("trees on other inputs (their order)", "those of its card"),
    "marital status": ("trees that look at marital=single", "that field left out"),
}
"""What is wrong with a model: what was found, and what was expected."""


def serve_and_see_it_fail(home: Path, *options: str, **changes: str) -> str:
    """Start the service where it must refuse to, and return the last line it printed."""
    command = ("bentoml", "serve", "service.py:svc", "--port", str(free_port()), *options)
    found = run(*command, home=home, check=False, **changes)
    said = found.stdout + found.stderr
    assert found.returncode == 2
    assert "Traceback" not in said
    return said.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def wrong_models(home: Path) -> dict[str, Path]:
    """The folder of each model in the store that does not fit, or will not."""
    kinds = (*WRONG, "another xgboost", "altered file")
    found = run("python", "-W", "ignore", "-c", MAKE_WRONG_MODELS, *kinds, home=home).stdout
    parts = (line.partition(":") for line in found.splitlines())
    return {how: Path(path) for how, _, path in parts if how in kinds}


def tag_of(folder: Path) -> str:
    return f"{folder.parent.name}:{folder.name}"


def test_an_empty_store_is_reported_with_the_command_that_fills_it(tmp_path: Path) -> None:
    line = serve_and_see_it_fail(tmp_path)

    assert "credit_risk_model:latest: found no such model in the store" in line
    assert line.endswith("run: python train.py")


@pytest.mark.system
def test_a_tag_that_is_not_in_the_store_is_reported(home: Path) -> None:
    line = serve_and_see_it_fail(home, CREDIT_RISK_MODEL="credit_risk_model:nothere")

    assert "credit_risk_model:nothere: found no such model" in line


@pytest.mark.system
@pytest.mark.parametrize("named", ["", "latest", ":x", "a b:c", "credit_risk_model:"])
def test_a_name_of_a_model_that_is_no_tag_is_refused(home: Path, named: str) -> None:
    line = serve_and_see_it_fail(home, CREDIT_RISK_MODEL=named)

    assert f"CREDIT_RISK_MODEL: found {named!r}, expected a tag that" in line


def test_a_port_that_is_taken_is_refused(home: Path) -> None:
    with socket.create_server(("0.0.0.0", free_port())) as taken:  # noqa: S104  as the service does
        port = str(taken.getsockname()[1])
        line = serve_and_see_it_fail(home, "--port", port)

    assert f"found 0.0.0.0:{port} taken or closed (Address already in use)" in line
    assert line.endswith("expected a free port: --port N")


@pytest.mark.system
@pytest.mark.parametrize("how", WRONG)
def test_a_model_that_does_not_fit_is_refused(
    home: Path, wrong_models: dict[str, Path], how: str
) -> None:
    line = serve_and_see_it_fail(home, CREDIT_RISK_MODEL=tag_of(wrong_models[how]))

    assert all(words in line for words in WRONG[how]), line
    assert line.endswith("run: python train.py")


@pytest.mark.system
def test_a_model_of_another_xgboost_that_answers_differently_is_refused(
    home: Path, wrong_models: dict[str, Path]
) -> None:
    line = serve_and_see_it_fail(home, CREDIT_RISK_MODEL=tag_of(wrong_models["another xgboost"]))

    assert "as the probability of application 1 in golden.json with xgboost 3." in line
    assert "as when it was trained with xgboost 2.1.0; run: python train.py, or install " in line


@pytest.mark.system
def test_a_model_whose_file_was_altered_is_refused(
    home: Path, wrong_models: dict[str, Path]
) -> None:
    folder = wrong_models["altered file"]
    with (folder / "custom_objects.pkl").open("ab") as file:
        file.write(b"more")

    line = serve_and_see_it_fail(home, CREDIT_RISK_MODEL=tag_of(folder))

    assert "found custom_objects.pkl: SHA-256 " in line
    assert line.endswith("as in its card; run: python train.py, or import the model again")


def test_an_unknown_mode_of_the_runner_is_refused(home: Path) -> None:
    line = serve_and_see_it_fail(home, CREDIT_RISK_RUNNER="far away")

    assert "CREDIT_RISK_RUNNER: found 'far away', expected 'embedded' or 'remote'" in line


@pytest.mark.system
def test_a_misspelt_service_in_the_configuration_is_refused(home: Path, tmp_path: Path) -> None:
    good = (PROJECT / "bentoconfiguration.yaml").read_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(good.replace("credit_risk_classifier:", "credit_risk_clasifier:"))

    line = serve_and_see_it_fail(home, BENTOML_CONFIG=str(wrong))

    assert "wrong.yaml: found services.credit_risk_clasifier, expected one of" in line


@pytest.mark.system
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            "services.credit_risk_classifier.traffic.tiemout=3",
            "traffic.tiemout: 3, expected one of",
        ),
        ("services.credit_risk_classifier.workers=0", "classifier.workers with a value that"),
        ("services.credit_risk_classifier.decision_log.pth=/x", "'pth', expected only path"),
    ],
)
def test_an_option_that_is_wrong_is_refused(home: Path, options: str, said: str) -> None:
    assert said in serve_and_see_it_fail(home, BENTOML_CONFIG_OPTIONS=options)


@pytest.mark.system
@pytest.mark.parametrize("option", ["--api-workers", "--timeout"])
def test_an_option_of_the_command_that_is_not_above_zero_is_refused(
    home: Path, option: str
) -> None:
    line = serve_and_see_it_fail(home, option, "0")

    assert f"found {option} 0, expected a whole number above zero" in line


OF_KEYS = [
    "bank = {",
    *(
        pytest.param(each, marks=pytest.mark.system)
        for each in (None, "", 'bank = { sha256 = "short" }')
    ),
]


@pytest.mark.parametrize("text", OF_KEYS)
def test_a_file_of_keys_that_is_empty_or_unreadable_is_refused(
    home: Path, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "keys.toml"
    if text is not None:
        file.write_text(text)

    line = serve_and_see_it_fail(home, CREDIT_RISK_API_KEYS_FILE=str(file))

    assert f"CREDIT_RISK_API_KEYS_FILE: {file}: found " in line
    assert line.endswith(f"run: python -m credit_risk.keys add NAME --file {file}")


@pytest.mark.system
def test_a_folder_for_the_decision_log_that_cannot_be_made_is_refused(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    line = serve_and_see_it_fail(home, CREDIT_RISK_DECISION_LOG=str(tmp_path / "file" / "log"))

    assert f"decision_log.path: found {tmp_path}/file/log (" in line
    assert line.endswith("expected a writable folder")


@pytest.mark.system
def test_a_field_of_the_decision_log_that_is_not_one_is_refused(home: Path, tmp_path: Path) -> None:
    wrong = {"credit_risk_classifier.decision_log.leave_out": ["marital", "shoe"]}

    line = serve_and_see_it_fail(home, **configured(tmp_path, wrong))

    assert "decision_log.leave_out: found 'shoe', expected one of seniority, home," in line
