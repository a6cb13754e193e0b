"""The zip for Elastic Beanstalk, unpacked, looked through and served."""

import re
import zipfile
from pathlib import Path, PurePosixPath

import pytest
import yaml
from course import sample_applications
from documents import blocks
from leaks import leaks
from running import BIN, PROJECT, run, serving

from credit_risk.keys import COMMAND

pytestmark = pytest.mark.system
SCRIPT = PROJECT / "deploy" / "eb_bundle.py"


@pytest.fixture(scope="module")
def key(keys: Path) -> str:
    """A key that the bundle accepts."""
    return COMMAND.add(keys, "bank")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys.toml"


@pytest.fixture(scope="module")
def bundle(home: Path, keys: Path, key: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of a bento built for it."""
    folder = tmp_path_factory.mktemp("bundle")
    smaller = ("--bentofile", PROJECT / "deploy" / "bentofile.yaml")
    built = run("bentoml", "build", *smaller, "--output", "tag", home=home).stdout
    tag = built.strip().removeprefix("__tag__:")
    made = run(BIN / "python", SCRIPT, tag, "--keys", keys, "--to", folder, home=home)
    assert key not in made.stdout + made.stderr
    return Path(made.stdout.strip())


@pytest.fixture(scope="module")
def unpacked(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(bundle) as file:
        file.extractall(folder)
    return folder


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_the_dockerfile_is_at_the_root_and_finds_all_that_it_copies(unpacked: Path) -> None:
    dockerfile = (unpacked / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )*(\S+) ", dockerfile, re.MULTILINE)

    assert copied
    for source in copied:
        assert (unpacked / source).exists(), source
    assert re.search(r"^EXPOSE 3000$", dockerfile, re.MULTILINE)
    assert re.search(r"^USER (bentoml|1034)", dockerfile, re.MULTILINE)


def test_nothing_else_is_in_it(unpacked: Path) -> None:
    found = names(unpacked)

    assert {PurePosixPath(name).parts[0] for name in found} == {
        ".dockerignore",
        ".ebextensions",
        ".platform",
        "Dockerfile",
        "README.md",
        "apis",
        "bento.yaml",
        "env",
        "keys",
        "models",
        "src",
    }


def test_no_training_no_data_and_no_secret_is_in_it(unpacked: Path) -> None:
    found = names(unpacked)

    assert not [name for name in found if re.search(r"training|tests/|train\.py", name)]
    assert leaks(unpacked) == []


def test_the_model_is_in_it_and_one_only(unpacked: Path) -> None:
    (model,) = (unpacked / "models").glob("*/*/model.yaml")
    packed = yaml.safe_load((unpacked / "bento.yaml").read_text())["services"][0]["models"]

    name, version = model.parts[-3:-1]
    assert [f"{name}:{version}"] == [each["tag"] for each in packed]
    assert (unpacked / "models" / name / "latest").read_text() == version


def test_the_image_leaves_out_the_settings_of_elastic_beanstalk(unpacked: Path) -> None:
    ignored = set((unpacked / ".dockerignore").read_text().splitlines()[1:])
    settings = {p.name for p in (PROJECT / "deploy" / "elastic-beanstalk").iterdir()}

    assert ignored == settings | {"Dockerfile"}


def settings_of(unpacked: Path) -> dict[str, dict[str, str]]:
    text = (unpacked / ".ebextensions" / "credit-risk.config").read_text()
    found: dict[str, dict[str, str]] = yaml.safe_load(text)["option_settings"]
    return found


def test_it_is_closed_unless_somebody_opens_it(unpacked: Path) -> None:
    settings = settings_of(unpacked)
    dockerfile = (unpacked / "Dockerfile").read_text()
    (folder,) = re.findall(r"BENTO_PATH=(\S+)", dockerfile)

    environment = settings["aws:elasticbeanstalk:application:environment"]
    assert environment == {COMMAND.variable: f"{folder}/keys/keys.toml"}
    assert settings["aws:ec2:vpc"]["ELBScheme"] == "internal"


def test_the_listener_that_the_document_shows_takes_tls_only() -> None:
    (snippet,) = (each for each in blocks("docs/security.md", "yaml") if "aws:elbv2" in each)
    settings = yaml.safe_load(snippet)["option_settings"]

    assert settings["aws:elbv2:listener:default"] == {"ListenerEnabled": "false"}
    assert settings["aws:elbv2:listener:443"]["Protocol"] == "HTTPS"
    assert settings["aws:elbv2:listener:443"]["SSLCertificateArns"]


def test_the_health_check_is_a_path_of_bentoml(unpacked: Path) -> None:
    settings = settings_of(unpacked)

    process = settings["aws:elasticbeanstalk:environment:process:default"]
    assert process["HealthCheckPath"] == "/readyz"


def test_the_same_bento_and_keys_make_the_same_bytes(
    home: Path, bundle: Path, keys: Path, tmp_path: Path
) -> None:
    tag = f"credit_risk_classifier:{bundle.stem.rpartition('-')[2]}"

    again = run(BIN / "python", SCRIPT, tag, "--keys", keys, "--to", tmp_path, home=home)

    assert Path(again.stdout.strip()).read_bytes() == bundle.read_bytes()


def test_without_keys_it_says_that_it_will_not_start(
    home: Path, bundle: Path, tmp_path: Path
) -> None:
    tag = f"credit_risk_classifier:{bundle.stem.rpartition('-')[2]}"

    made = run(BIN / "python", SCRIPT, tag, "--to", tmp_path, home=home)
    wrong = ("--keys", tmp_path / "none.toml", "--to", tmp_path)
    refused = run(BIN / "python", SCRIPT, tag, *wrong, home=home, check=False)

    with zipfile.ZipFile(made.stdout.strip()) as file:
        assert "keys/keys.toml" not in file.namelist()
    assert "no keys/keys.toml, without which it does not start" in made.stderr
    assert refused.stderr == f"{tmp_path / 'none.toml'}: No such file or directory\n"


def test_it_serves_who_has_a_key_with_nothing_else_on_the_machine(
    unpacked: Path, key: str, tmp_path: Path
) -> None:
    body = sample_applications(1, seed=1)[0].model_dump(mode="json")
    log, home = tmp_path / "log", tmp_path / "home"
    keys = {COMMAND.variable: str(unpacked / "keys" / "keys.toml")}

    with serving(str(unpacked), home=home, log=log, cwd=unpacked, **keys) as server:
        answer = server.post("/classify", json=body, headers={"Authorization": f"Bearer {key}"})
        refused = server.post("/classify", json=body)

    (model,) = (unpacked / "models" / "credit_risk_model").glob("*/")
    assert answer.json()["model"] == f"credit_risk_model:{model.name}"
    assert refused.status_code == 401


def test_a_missing_bento_is_reported_in_one_sentence(tmp_path: Path) -> None:
    found = run(BIN / "python", SCRIPT, home=tmp_path, check=False)

    assert found.returncode == 1
    assert "bentoml build" in found.stderr
    assert "Traceback" not in found.stderr
