"""docs/reference.md names all that there is, and nothing else."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml
from course import CATEGORIES, LIMITS, OPTIONAL_FIELDS, REASON_CODES, Application
from documents import rows, section, text_of
from project_copy import project_files
from running import PROJECT, Locked, run

REFERENCE = "docs/reference.md"
Json = dict[str, Any]


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the tables below a heading, by the code in their first cell."""
    return {first.strip("`"): others for first, *others in rows(section(REFERENCE, heading))}


@pytest.fixture(scope="module")
def document(locked: Locked) -> Json:
    """The OpenAPI document of a service with API keys."""
    with locked.client() as client:
        found: Json = client.get("/docs.json").json()
    return found


def responses(document: Json) -> Iterator[tuple[str, Json]]:
    for methods in document["paths"].values():
        for operation in methods.values():
            yield from operation["responses"].items()


def test_every_endpoint_is_there(document: Json) -> None:
    operations = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }

    assert set(table("Endpoints")) == operations


def test_every_field_is_there_with_what_is_accepted() -> None:
    fields = table("Fields")

    assert list(fields) == list(Application.model_fields)
    assert fields.pop("reference")[-1] == "64 letters, digits and `. _ : / -` at most, or null"
    for name, (_, _, accepted) in fields.items():
        if name in CATEGORIES:
            assert tuple(re.findall(r"`(\w+)`", accepted)) == CATEGORIES[name]
        else:
            low, high = LIMITS[name]
            null = ", or null" if name in OPTIONAL_FIELDS else ""
            assert accepted == f"{low:.0f} to {high:.0f}{null}"


def test_every_reason_code_is_there() -> None:
    codes = {code: field.strip("`") for code, (field, _) in table("Reason codes").items()}
    missing = {f"{field.upper()}_NOT_STATED": field for field in OPTIONAL_FIELDS}

    assert codes == {each.code: each.field for each in REASON_CODES} | missing


def test_every_status_is_there(document: Json) -> None:
    found = {status for status, _ in responses(document)}

    assert set(table("Statuses")) == found
    assert all(HTTPStatus(int(status)) for status in found)


def test_every_header_of_an_answer_is_there(document: Json, locked: Locked) -> None:
    declared = {name for _, each in responses(document) for name in each.get("headers", {})}
    with locked.client() as client:
        sent = {name.title() for name in client.get("/model").headers}
    unremarkable = {"Date", "Content-Length", "Content-Type"}

    headers = table("Headers")
    in_answers = {name for name, (place, _) in headers.items() if place != "requests"}
    assert declared | (sent - unremarkable) <= in_answers
    assert in_answers <= declared | sent | {"X-Decision-Id", "Www-Authenticate", "WWW-Authenticate"}


def test_every_metric_is_there(locked: Locked) -> None:
    with locked.client() as client:
        client.get("/model")
        text = client.get("/metrics").text
    here = set(re.findall(r"^# TYPE ((?:bentoml_service|credit_risk)\S+)", text, re.MULTILINE))
    told = {name.strip("`") for name, *_ in rows(section("docs/operations.md", "Metrics"))}

    assert here <= told
    rare = ("credit_risk_decision_log", "credit_risk_shed", "credit_risk_api_key_expires")
    assert all(name.startswith(rare) for name in told - here), told - here


def test_every_environment_variable_is_there() -> None:
    listed = project_files()
    of_bentoml_only = {
        "BENTOML_CONTAINERIZED",
        "BENTOML_PORT",
        "BENTO_PATH",
    }
    used: set[str] = set()
    for name in listed:
        if name.endswith((".py", ".yaml", ".yml", ".config", ".template")) or name == "Makefile":
            used |= set(
                re.findall(
                    r"\b(?:CREDIT_RISK|BENTO(?:ML)?|FUZZ|CONTAINER)_[A-Z_]+\b", text_of(name)
                )
            )
    shown = set(re.findall(r"`([A-Z_]+)`", section(REFERENCE, "Environment variables")))

    assert shown == used - of_bentoml_only


def leaves(settings: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{place}{name}.")
        else:
            yield (
                f"{place}{name}",
                str(value)
                .replace("None", "null")
                .replace("False", "false")
                .replace("True", "true"),
            )


def test_every_key_of_the_configuration_is_there_with_its_value() -> None:
    text = section(REFERENCE, "Configuration")
    services = yaml.safe_load(text_of("bentoconfiguration.yaml"))["services"]
    for name, settings in services.items():
        shown = text[text.index(f"| `{name}` |") :].split("\n\n")[0] + "\n"

        assert {key.strip("`"): value for key, value, _ in rows(shown)} == dict(leaves(settings))


def test_every_make_target_is_there_as_make_describes_it() -> None:
    outside = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    shown = subprocess.run(
        ["make"], cwd=PROJECT, env=outside, capture_output=True, text=True, check=True
    )
    described = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines())
    targets = {
        name.removeprefix("make "): about
        for name, (about, *_) in table("Make targets").items()
        if name.startswith("make ")
    }

    assert targets == described


def test_every_variable_of_make_is_there_with_its_value() -> None:
    settable = dict(re.findall(r"^([A-Z0-9_]+) \?= (.*)$", text_of("Makefile"), re.MULTILINE))
    shown = {name: value.strip("`") for name, (value, *_) in table("Make targets").items()}

    assert settable.keys() <= shown.keys()
    assert {name: shown[name] for name in settable if name != "PYTHON"} == {
        name: value for name, value in settable.items() if name != "PYTHON"
    }


def test_every_option_of_training_is_there_with_its_value(tmp_path: Path) -> None:
    help_text = run("python", "train.py", "--help", home=tmp_path).stdout
    options = set(re.findall(r"^ +(--[a-z-]+)", help_text, re.MULTILINE)) - {"--help"}
    shown = {name.split()[0]: value for name, (value, *_) in table("Commands").items()}

    assert options == {name for name in shown if name.startswith("--")} - {"--max-p99-ms"}
    for name, value in shown.items():
        if value and name in options and name not in {"--data", "--parameters"}:
            assert f"({value})" in help_text, name


def test_every_command_is_a_module_that_runs() -> None:
    for command in table("Commands"):
        if command.startswith("python -m "):
            path = PROJECT / command.removeprefix("python -m ").replace(".", "/")
            module = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
            assert '__name__ == "__main__"' in module.read_text(), command
