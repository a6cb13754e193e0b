"""What the README shows is run: its requests and answers, its commands, its links."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import httpx
import pytest
from running import PROJECT, run, serving

README = (PROJECT / "README.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """Each command that the README shows, with the output that it shows."""
    found = []
    for block in BLOCKS:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            end = next(
                end
                for end in range(1, len(lines) + 1)
                if "\n".join(lines[:end]).count("'") % 2 == 0
            )
            found.append(("\n".join(lines[:end]), "\n".join(lines[end:])))
    return found


def starting(*words: str) -> list[str]:
    return [command for command, _ in commands() if command.startswith(words)]


REQUESTS = [(command, shown) for command, shown in commands() if command.startswith("curl ")]


@pytest.mark.parametrize(("command", "shown"), REQUESTS)
def test_a_request_gets_the_answer_that_is_shown(
    client: httpx.Client, command: str, shown: str
) -> None:
    _, _, target, _, header, _, body = shlex.split(command)
    path = target.removeprefix("localhost:3000")

    answer = client.post(path, content=body, headers=[tuple(header.split(": "))]).json()

    expected = json.loads(shown)
    if "default_probability" in expected:  # the tag is another one, the last digits may be
        probability = pytest.approx(expected["default_probability"], abs=1e-3)
        expected |= {"default_probability": probability, "model": answer["model"]}
    assert answer == expected


@pytest.mark.parametrize("command", starting("make "))
def test_a_make_command_is_there(command: str) -> None:
    subprocess.run([*shlex.split(command), "--dry-run"], cwd=PROJECT, check=True)


@pytest.mark.parametrize("command", starting("python train.py", "bentoml models", "bentoml build"))
def test_a_command_runs(
    home: Path, tmp_path: Path, request: pytest.FixtureRequest, command: str
) -> None:
    command = command.replace(" model.bentomodel", f" {tmp_path / 'model.bentomodel'}")
    if "CreditScoring.csv" in command:
        real = request.getfixturevalue("real_data")
        command = command.replace("data/CreditScoring.csv", str(real))
    if "--tune" in command:  # or the package's own parameters change
        command += f" --parameters {tmp_path / 'parameters.toml'}"
    store = tmp_path if command.startswith("python") else home
    if command.startswith("bentoml models import"):
        file = tmp_path / "model.bentomodel"
        run("bentoml", "models", "export", "credit_risk_model:latest", file, home=home)
        store = tmp_path / "another home"

    run(*shlex.split(command), home=store)


@pytest.mark.parametrize("command", starting("bentoml serve"))
def test_a_serve_command_answers(home: Path, tmp_path: Path, command: str) -> None:
    target, *arguments = shlex.split(re.sub(r" --port \d+", "", command))[2:]
    if target.startswith("credit_risk_classifier"):
        run("bentoml", "build", home=home)

    with serving(target, *arguments, home=home, log=tmp_path / "log") as server:
        assert server.get("/model").status_code == 200


def test_the_readme_shows_what_it_should() -> None:
    assert len(REQUESTS) == 2
    assert len(starting("bentoml serve")) == 4
    assert README.index("make serve") < README.index("curl") < README.index("| where | what |")


def test_every_link_to_a_file_leads_somewhere() -> None:
    for document in [PROJECT / "README.md", PROJECT / "data" / "README.md"]:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_make_target_of_the_readme_and_only_those_is_in_the_help() -> None:
    shown = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, check=True)
    targets = {line.split()[0] for line in shown.stdout.splitlines()}

    mentioned = set(re.findall(r"`make ([a-z ]+)`", README))
    assert {word for words in mentioned for word in words.split()} - {"alone"} <= targets
