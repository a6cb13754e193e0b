"""Packages, lock and repository hygiene."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from project_copy import project_files
from running import PROJECT

LOCK = json.loads((PROJECT / "Pipfile.lock").read_text())
WHEEL = {
    "METADATA": "Metadata-Version: 2.1\nName: loan\nVersion: 1.0\n",
    "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "RECORD": "",
}
SECTIONS = {
    "packages": "default",
    "training": "training",
    "files": "files",
    "dask": "dask",
    "spark": "spark",
    "notebook": "notebook",
    "dev-packages": "develop",
}
PIPFILE = tomllib.loads((PROJECT / "Pipfile").read_text())


def test_no_registry_is_named_in_pipfile_or_lock() -> None:
    assert "source" not in PIPFILE
    assert LOCK["_meta"]["sources"] == []
    assert "index" not in {key for entry in LOCK["default"].values() for key in entry}


def test_every_package_is_pinned_with_hashes() -> None:
    for section in SECTIONS.values():
        for name, entry in LOCK[section].items():
            assert entry["version"].startswith("=="), name
            assert entry["hashes"], name


def required(section: str) -> dict[str, tuple[str, set[str]]]:
    """Version and hashes of each package of a file that uv and pip install."""
    text = (PROJECT / "deploy" / "requirements" / f"{section}.txt").read_text(encoding="utf-8")
    lines = re.findall(
        r"^([\w.-]+)(?:\[.*?\])?(==\S+?);? .*?((?:--hash=\S+\s*)+)$", text, re.MULTILINE
    )
    return {name: (version, set(hashes.split())) for name, version, hashes in lines}


@pytest.mark.parametrize("section", SECTIONS)
def test_what_is_installed_is_the_lock(section: str) -> None:
    locked = {
        name: (entry["version"], {f"--hash={each}" for each in entry["hashes"]})
        for name, entry in LOCK[SECTIONS[section]].items()
    }
    assert required(section) == locked


def test_uv_is_installed_from_the_lock_too() -> None:
    assert required("uv") == {"uv": required("training")["uv"]}


def test_a_package_has_one_version_whichever_sections_are_installed() -> None:
    versions: dict[str, set[str]] = {}
    for section in SECTIONS.values():
        for name, entry in LOCK[section].items():
            versions.setdefault(name, set()).add(entry["version"])

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


FILES = ("credit_risk/files/**/*.py", "credit_risk/score/**/*.py")


def imported(*places: str, but: Iterable[str] = ()) -> set[str]:
    """The packages, by their names on an index, that modules of the project import."""
    without = {each for place in but for each in PROJECT.glob(place)}
    files = {each for place in places for each in PROJECT.glob(place)} - without
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    names = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    owners = packages_distributions()
    found = {owner for name in names for owner in owners.get(name.partition(".")[0], [])}
    return {re.sub(r"[-_.]+", "-", owner).lower() for owner in found}


def test_what_make_serve_installs_suffices_to_train_and_to_serve() -> None:
    served = imported("service.py", "audit_log/**/*.py", "lean_bento/**/*.py")
    trained = imported("train.py", "credit_risk/**/*.py", but=FILES)

    assert {"pandas", "matplotlib"} <= trained
    assert served <= {*LOCK["default"]}
    assert trained <= {*LOCK["default"], *LOCK["training"]}


def test_what_the_sections_of_files_and_of_dask_install_suffices_for_them() -> None:
    scored = imported(*FILES)

    assert {"pyarrow", "xlsxwriter"} <= scored
    assert scored - {"dask", "distributed"} <= {*LOCK["default"], *LOCK["files"]}
    assert scored <= {*LOCK["default"], *LOCK["dask"]}


def test_a_developer_has_what_training_needs() -> None:
    assert PIPFILE["training"].items() <= PIPFILE["dev-packages"].items()


def test_runtime_packages_are_apart_from_those_of_training_and_tests() -> None:
    runtime = set(LOCK["default"])

    assert {"bentoml", "xgboost", "scikit-learn", "uvloop", "httptools"} <= runtime
    assert not runtime & {"pandas", "pyarrow", "locust", "pytest", "nvidia-nccl-cu12", "uv"}


def test_the_image_is_made_of_the_lock_and_nothing_else() -> None:
    template = (PROJECT / "deploy" / "Dockerfile.template").read_text()
    bento = bentofile("bentofile.yaml")

    assert {"--no-deps", "--require-hashes"} <= set(template.split())
    assert not re.search(r"\b(apt|apt-get|git clone|curl|build-essential)\b", template)
    assert {"--no-deps", "--only-binary=:all:"} <= set(bento["python"]["pip_args"].split())
    assert bento["python"]["requirements_txt"] == "./deploy/requirements/packages.txt"
    assert (
        f'BASE = "{bento["docker"]["base_image"]}"'
        in (PROJECT / "deploy" / "container.py").read_text()
    )


def bentofile(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((PROJECT / name).read_text(encoding="utf-8")))


def test_the_smaller_image_is_made_of_the_same_bento() -> None:
    plain, smaller = bentofile("bentofile.yaml"), bentofile("deploy/bentofile.yaml")

    assert smaller["docker"].pop("dockerfile_template") == "./deploy/Dockerfile.template"
    del plain["conda"], plain["python"]["pip_args"]  # the template says the same in its own words
    assert smaller == plain


def test_a_release_runs_what_ci_runs() -> None:
    run = re.findall(r"^make ([a-z-]+)", (PROJECT / ".ci" / "run").read_text(), re.MULTILINE)
    command = ", ".join(f'"{word}"' for word in ("make", *run))

    assert {"check", "test", "test-system"} <= set(run)
    assert f"[{command}]" in (PROJECT / "deploy" / "release.py").read_text()


def test_the_lock_has_every_package_of_the_pipfile() -> None:
    for section, locked in SECTIONS.items():
        assert set(PIPFILE[section]) <= set(LOCK[locked])


def test_nothing_is_committed_that_must_not_be() -> None:
    names = project_files()

    assert not [n for n in names if n.endswith((".ubj", ".pkl", ".whl", ".bentomodel", ".pem"))]
    assert [n for n in names if n.startswith("data/")] == [
        "data/README.md",
        "data/sample.csv",
        "data/synthetic.py",
    ]
    assert max((PROJECT / name).stat().st_size for name in names) < 1_000_000


def image_s_install() -> list[str]:
    """The options with which the image installs its packages."""
    template = (PROJECT / "deploy" / "Dockerfile.template").read_text().replace("\\\n", " ")
    (command,) = re.findall(r" install (.*) -r /app/requirements\.txt", template)
    return str(command).split()


@pytest.mark.parametrize("right", [True, False])
def test_the_image_installs_no_file_whose_hash_the_lock_does_not_have(
    tmp_path: Path, *, right: bool
) -> None:
    wheel = tmp_path / "loan-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        for name, text in WHEEL.items():
            file.writestr(f"loan-1.0.dist-info/{name}", text)
    content = wheel.read_bytes() if right else b"the file that was locked"
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"loan==1.0 --hash=sha256:{sha256(content).hexdigest()}\n")

    command = [sys.executable, "-m", "pip", "install", *image_s_install()]
    command += ["--no-index", "--find-links", tmp_path, "--target", tmp_path / "here"]
    done = subprocess.run(
        [*command, "-r", requirements], capture_output=True, text=True, check=False
    )

    assert (done.returncode == 0) == right, done.stderr
    assert (tmp_path / "here").exists() == right
    assert ("DO NOT MATCH THE HASHES" in done.stderr) != right


def make_plan(folder: Path, *targets: str) -> str:
    """What make would run, in a copy of its files."""
    return subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *targets],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "MAKEFLAGS"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_command_installs_what_it_needs_once(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    shutil.copytree(PROJECT / "deploy" / "requirements", tmp_path / "deploy" / "requirements")

    empty = make_plan(tmp_path, "serve")
    (tmp_path / ".venv").mkdir()
    for section in ("packages", "training", "dev-packages", "notebook"):
        (tmp_path / ".venv" / f".installed-{section}").touch()
    complete = make_plan(tmp_path, "serve", "load", "check", "notebook")

    assert "deploy/environment.py training" in empty
    assert "dev-packages" not in empty
    assert "environment.py" not in complete
    assert not re.search(r"\bpip\b|pipenv", complete)
