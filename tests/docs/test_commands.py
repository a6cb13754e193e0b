"""What the documents show is run: requests and their answers, commands, Python."""

import re
import shlex
import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest
import yaml
from documents import DOCUMENTS, Command, assert_runs_as_shown, blocks, commands, text_of
from needs import DATA, REAL_DATA
from running import PROJECT, Server, home_beside, run, serving

README = "README.md"
TUTORIAL = "docs/tutorial.md"
OF_OTHER_TESTS = {
    TUTORIAL: "tests/docs/test_tutorial.py",
    "docs/operations.md": "tests/docs/test_operations.py",
    "docs/own-data.md": "tests/docs/test_own_data.py",
    "docs/policy.md": "tests/docs/test_policy_page.py",
    "examples/german_credit/README.md": "tests/examples/test_german_credit.py",
    "audit_log/README.md": "tests/audit_log/test_readme.py",
    "lean_bento/README.md": "tests/lean_bento/test_readme.py",
}
"""Documents whose commands and Python another test runs, all of them."""
HOW_TO = [name for name in DOCUMENTS if name not in OF_OTHER_TESTS]
RUN_ELSEWHERE = {
    "python -m credit_risk.keys add bank --file": "tests/docs/test_commands.py",
    "python -m credit_risk.keys": "tests/docs/test_security.py",
    "export CREDIT_RISK_API_KEYS_FILE": "tests/docs/test_security.py",
    'curl -s localhost:3000/model -H "Authorization': "tests/docs/test_security.py",
    "python -m credit_risk.decision_log": "tests/system/server/test_decision_log.py",
    "python -m credit_risk.score": "tests/docs/test_files_page.py",
    "python -m credit_risk.monitor": "tests/docs/test_monitoring_page.py",
    "awk ": "tests/docs/test_monitoring_page.py",
    "head -3 outcomes.csv": "tests/docs/test_monitoring_page.py",
    "openssl req": "tests/system/server/test_tls.py",
    "bentoml serve service.py:svc --ssl-certfile": "tests/system/server/test_tls.py",
    "curl --cacert": "tests/system/server/test_tls.py",
    "python data/synthetic.py": "tests/test_synthetic.py",
    "python train.py --data data/CreditScoring.csv": "tests/test_train.py",
    "python train.py --course": "tests/test_train.py",
    "python train.py --tune": "tests/test_train.py",
    "bentoml containerize": "tests/system/container/test_containerize.py",
    "docker run": "tests/system/container/test_container.py",
    "docker compose": "tests/system/deploy/test_compose.py",
    "kubectl": "tests/system/deploy/test_kubernetes.py",
    ".venv/bin/python -m pytest": "tests/docs/test_commands.py",
}
"""By the words that a command begins with: the test that runs it, or checks what it works on."""

NOT_RUN = {"eb ": "needs an account of AWS; docs/deploying.md says that it was not tested"}
RUN_HERE = (
    "make ",
    "curl -s ",
    "printf ",
    "python train.py",
    "bentoml models",
    "bentoml build",
    "bentoml serve",
)
RECIPES = "CONTRIBUTING.md"
"""Its Python is code to add to the project; tests/docs/test_contributing.py does so."""


def starting(*words: str, documents: Collection[str] = HOW_TO) -> list[Command]:
    """Commands that begin so and are not run elsewhere, each once."""
    found = {
        command.text: command
        for command in commands(*documents)
        if command.bare.startswith(words) and not command.bare.startswith(tuple(RUN_ELSEWHERE))
    }
    return list(found.values())


def needing_data(command: Command) -> tuple[pytest.MarkDecorator, ...]:
    return (pytest.mark.needs(DATA),) if REAL_DATA.name in command.text else ()


@pytest.mark.parametrize(
    "command", starting("curl -s ", "printf "), ids=lambda command: command.document
)
def test_a_request_gets_the_answer_that_is_shown(
    server: Server, home: Path, command: Command
) -> None:
    assert_runs_as_shown(command, server.url, home=home)


@pytest.mark.parametrize("command", starting("make "), ids=lambda command: command.text)
def test_a_make_command_is_there(command: Command) -> None:
    subprocess.run([*shlex.split(command.text), "--dry-run"], cwd=PROJECT, check=True)


@pytest.mark.system
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(each, marks=needing_data(each), id=each.text)
        for each in starting("python train.py", "bentoml models", "bentoml build")
    ],
)
def test_a_command_runs(home: Path, tmp_path: Path, command: Command) -> None:
    text = command.text.replace(" model.bentomodel", f" {tmp_path / 'model.bentomodel'}")
    text = text.replace("<version>", "latest")
    text = text.replace("data/CreditScoring.csv", str(REAL_DATA))
    if "--tune" in text:  # or the file is made in the project
        text += f" --tuned {tmp_path / 'parameters.toml'}"
    store = tmp_path if text.startswith("python") else home
    if text.startswith("bentoml models import"):
        file = tmp_path / "model.bentomodel"
        run("bentoml", "models", "export", "credit_risk_model:latest", file, home=home)
        store = tmp_path / "another home"

    run(*shlex.split(text), home=store)


@pytest.mark.system
@pytest.mark.parametrize("command", starting("bentoml serve"), ids=lambda command: command.text)
def test_a_serve_command_answers(home: Path, tmp_path: Path, command: Command) -> None:
    target, *arguments = shlex.split(re.sub(r" --port \d+", "", command.bare))[2:]
    variables = {
        name: value.replace("$PWD", str(tmp_path)) for name, value in command.variables.items()
    }
    expected = 200
    if "CREDIT_RISK_MODEL" in variables:
        tag = run("bentoml", "models", "list", "--output", "json", home=home).stdout
        (version,) = re.findall(r'"tag": "credit_risk_model:(\w+)"', tag)[:1]
        name = variables["CREDIT_RISK_MODEL"]
        variables["CREDIT_RISK_MODEL"] = name.replace("<version>", version)
    if "CREDIT_RISK_API_KEYS_FILE" in variables:
        add = next(each for each in commands(command.document) if "keys add" in each.text)
        file = tmp_path / variables["CREDIT_RISK_API_KEYS_FILE"]
        run(*shlex.split(add.text.replace(file.name, str(file))), home=home)
        variables["CREDIT_RISK_API_KEYS_FILE"] = str(file)
        expected = 401
    own = home_beside(home, tmp_path / "home", "models")
    if target.startswith("credit_risk_classifier"):
        run("bentoml", "build", home=own)

    with serving(target, *arguments, home=own, log=tmp_path / "log", **variables) as server:
        assert server.get("/model").status_code == expected


@pytest.mark.parametrize("document", sorted(OF_OTHER_TESTS.keys() & set(DOCUMENTS)))
def test_a_document_of_another_test_has_it(document: str) -> None:
    assert Path(document).name in text_of(OF_OTHER_TESTS[document])


@pytest.mark.parametrize(
    "document", [name for name in HOW_TO if name != RECIPES and blocks(name, "python")]
)
def test_the_python_of_a_document_runs(server: Server, home: Path, document: str) -> None:
    for block in blocks(document, "python"):
        run("python", "-c", block.replace("http://localhost:3000", server.url), home=home)


@pytest.mark.needs("node")
def test_the_javascript_of_a_document_runs(server: Server, home: Path) -> None:
    (block,) = blocks("docs/serving.md", "javascript")
    program = block.replace("http://localhost:3000", server.url)

    found = run("node", "--input-type=module", "--eval", program, home=home)

    assert found.stdout == "APPROVED null\n"


def test_the_configuration_of_a_document_fits_the_file() -> None:
    shipped = yaml.safe_load(text_of("bentoconfiguration.yaml"))
    (changed,) = (yaml.safe_load(block) for block in blocks("docs/serving.md", "yaml"))

    for name, settings in changed["services"].items():
        assert settings.keys() <= shipped["services"][name].keys()


@pytest.mark.parametrize(
    "command", commands(*HOW_TO), ids=lambda each: f"{each.document}: {each.text[:40]}"
)
def test_every_command_is_run_here_or_listed_as_run_elsewhere(command: Command) -> None:
    elsewhere = [test for words, test in RUN_ELSEWHERE.items() if command.bare.startswith(words)]

    assert elsewhere or command.bare.startswith((*RUN_HERE, *NOT_RUN)), command.text
    assert all((PROJECT / test).exists() for test in elsewhere)


def test_no_list_names_a_command_that_no_document_shows() -> None:
    shown = [command.bare for command in commands()]
    for words in (*RUN_ELSEWHERE, *NOT_RUN, *RUN_HERE):
        assert any(each.startswith(words) for each in shown), words


@pytest.mark.system
def test_a_single_test_runs_as_shown(home: Path) -> None:
    (command,) = {each.text for each in commands() if each.text.startswith(".venv/bin/python")}
    _, *arguments = shlex.split(command)

    run("python", *arguments, home=home, afresh=True)


def test_the_readme_shows_what_it_should() -> None:
    text = text_of(README)

    assert len(starting("curl -s ", documents=[README])) == 1
    assert len(starting("bentoml serve")) >= 4
    assert text.index("make serve") < text.index("curl") < text.index("| where | what |")
    assert len(text.splitlines()) <= 140
    first_screen = text[: text.index("\n## ")]
    assert "benchmarks/RESULTS.md" in first_screen
    assert ".svg)" in first_screen


def test_an_answer_of_success_and_one_of_an_error_are_shown() -> None:
    shown = [each.output for each in starting("curl -s ") if each.output]

    assert any('"status": "MAYBE"' in each for each in shown)
    assert any('"error": "The request is not valid' in each for each in shown)


def test_every_make_target_that_a_document_names_is_in_the_help() -> None:
    shown = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, check=True)
    targets = {line.split()[0] for line in shown.stdout.splitlines()}

    for document in DOCUMENTS:
        named = re.findall(r"`make ([a-z -]+)[`A-Z]", text_of(document))
        assert {word for words in named for word in words.split()} - {"alone"} <= targets, document


def test_every_variable_that_is_set_for_make_is_used_there() -> None:
    makefile = text_of("Makefile")
    for document in DOCUMENTS:
        for name in re.findall(r"`make [a-z-]+ ([A-Z_]+)=", text_of(document)):
            assert f"$({name})" in makefile, document
