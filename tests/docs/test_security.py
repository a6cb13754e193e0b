"""What docs/security.md shows is run, and what it names is there."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from running import PROJECT, Locked, run

from credit_risk.keys import COMMAND

DOCUMENT = PROJECT / "docs" / "security.md"
TEXT = DOCUMENT.read_text()
COMMANDS = re.findall(r"^\$ (.*)", TEXT, re.MULTILINE)
SNIPPETS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_commands_make_a_file_of_keys(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    commands = [command for command in COMMANDS if command.startswith("python -m credit_risk.keys")]

    outputs = [
        run(*shlex.split(command), home=home, **{COMMAND.variable: str(file)}).stdout
        for command in commands
    ]

    (form,) = re.findall(r"`(crk_\[.*?)`", TEXT)
    assert all(re.fullmatch(form, key.strip()) for key in outputs[:2])
    assert outputs[2] == "bank\tno end\nnight-job\t2099-01-31\n"


def test_the_request_with_a_key_is_answered(locked: Locked, home: Path) -> None:
    (command,) = [command for command in COMMANDS if "Authorization: Bearer" in command]
    command = command.replace("localhost:3000", locked.server.url)

    answer = run("sh", "-c", command, home=home, KEY=locked.key)

    assert '"model":"credit_risk_model:' in answer.stdout


def test_compose_s_snippet_fits_the_file_that_it_is_added_to() -> None:
    (snippet,) = [yaml.safe_load(text) for text in SNIPPETS if "volumes:" in text]
    compose = yaml.safe_load((PROJECT / "deploy" / "compose.yaml").read_text())

    added, there = snippet["services"]["classifier"], compose["services"]["classifier"]
    (mount,) = added["volumes"]
    assert added["environment"][COMMAND.variable].startswith(mount.split(":")[1])
    assert {key: type(value) for key, value in added.items()} == {
        key: type(there[key]) for key in added
    }


def test_pages_of_other_sites_are_allowed_by_the_lines_that_the_configuration_has() -> None:
    (snippet,) = [yaml.safe_load(text) for text in SNIPPETS if "cors:" in text]
    shipped = (PROJECT / "bentoconfiguration.yaml").read_text()
    (block,) = re.findall(r"(?:^    # .*\n)+(?=    form:)", shipped, re.MULTILINE)

    in_force = yaml.safe_load(re.sub(r"^    # ", "", block, flags=re.MULTILINE))

    assert snippet["services"]["credit_risk_classifier"] == in_force


@pytest.mark.system
@pytest.mark.needs("promtool")
def test_prometheus_takes_the_snippet(tmp_path: Path) -> None:
    (snippet,) = [text for text in SNIPPETS if "authorization:" in text]
    key = tmp_path / "key"
    key.touch()
    snippet = snippet.replace("/etc/prometheus/credit-risk-key", str(key))
    shutil.copytree(PROJECT / "deploy" / "prometheus", tmp_path / "prometheus")  # the rules
    text = (PROJECT / "deploy" / "prometheus.yml").read_text()
    name = "  - job_name: credit-risk-classifier\n"
    assert name in text
    changed = tmp_path / "prometheus.yml"
    changed.write_text(text.replace(name, name + snippet))

    subprocess.run(["promtool", "check", "config", changed], check=True)
