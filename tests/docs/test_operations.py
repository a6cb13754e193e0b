"""What docs/operations.md shows is run on a service with keys and a log; its figures are true."""

import json
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from bodies import sample_bodies
from documents import Command, commands, rows, section
from pydantic_core import to_json
from running import PROJECT, Locked, run, serving, wait_until

from audit_log import Fields, LogWriter, read_entries, verify
from audit_log.records import GENESIS_HASH, append
from credit_risk.decision_log.__main__ import main as log_command
from credit_risk.decision_log.redaction import Redaction
from credit_risk.decision_log.settings import DECISIONS, PATH_VARIABLE
from credit_risk.form import form_at_hand
from credit_risk.keys import COMMAND

PAGE = "docs/operations.md"
GROWTH = rows(section(PAGE, "How the decision log grows"))
SIZES = [float(cells[1].replace(",", "")) for cells in GROWTH if len(cells) == 2]
ARITHMETIC = [cells for cells in GROWTH if len(cells) == 3]
CHECKED = ("docker build", "docker compose", "docker run", "kubectl")
"""What commands begin with that need a cluster or an image; other tests look at what they name."""

RUN = [command for command in commands(PAGE) if not command.bare.startswith(CHECKED)]
SAMPLES = sample_bodies(500, seed=7)
DAY = "2099-01-31"


class Operated(NamedTuple):
    """A service with keys and a log, in a folder that has both."""

    folder: Path
    locked: Locked

    def status(self, key: str) -> int:
        with self.locked.client(key) as client:
            return client.post("/classify", json=SAMPLES[0]).status_code


@pytest.fixture(scope="module")
def operated(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """Has decided on the samples; after the module's tests its keys and log are others."""
    folder = tmp_path_factory.mktemp("operated")
    file = folder / "keys.toml"
    key = COMMAND.add(file, "bank")
    variables = {PATH_VARIABLE: str(folder / "decisions"), COMMAND.variable: str(file)}
    log = folder / "log"
    with serving("service.py:svc", home=home, log=log, cwd=PROJECT, **variables) as server:
        locked = Locked(server, file, key)
        with locked.client() as client:
            client.post("/classify_batch", json=SAMPLES).raise_for_status()
        yield Operated(folder, locked)


def carry_out(command: Command, home: Path) -> str:
    """Run a command of the page in the working directory, without a process of its own if it can.

    Returns:
        What it prints.
    """
    arguments = shlex.split(command.text)
    match arguments[:4]:
        case ["python", "-m", "credit_risk.keys", _]:
            return COMMAND.main(arguments[3:])
        case ["python", "-m", "credit_risk.decision_log", "verify" | "remove" | "export"]:
            said = StringIO()
            with redirect_stdout(said):
                assert log_command(arguments[3:]) == 0
            return said.getvalue()
    return run(*arguments, home=home, cwd=Path.cwd(), PYTHONPATH=str(PROJECT)).stdout


class Outcome(NamedTuple):
    """What the commands printed, by their words, and how keys were answered in between."""

    printed: dict[str, str]
    statuses: dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def outcome(operated: Operated, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Carry out the commands in the order of the page; from the model's import on elsewhere."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    printed: dict[str, str] = {}
    statuses: dict[str, tuple[int, int]] = {}
    old = new = operated.locked.key
    with chdir(operated.folder):
        for command in RUN:
            imported = any("models import" in each for each in (*printed, command.text))
            printed[command.text] = carry_out(command, elsewhere if imported else home)
            if " rotate bank " in command.text:
                new = printed[command.text]
                wait_until(lambda: operated.status(new) == 200)  # noqa: B023  called at once
                statuses["rotated"] = operated.status(old), operated.status(new)
            if " remove bank --older" in command.text:
                wait_until(lambda: operated.status(old) == 401)
                statuses["ended"] = operated.status(old), operated.status(new)
    return Outcome(printed, statuses)


def entries(folder: Path) -> list[Fields]:
    return [entry for _, part in read_entries(folder / "decisions", DECISIONS) for entry in part]


def mean_size(found: list[Fields]) -> float:
    own = ("previous", "hash")
    contents = [to_json({k: v for k, v in each.items() if k not in own}) for each in found]
    return sum(len(append(each, GENESIS_HASH)[0]) for each in contents) / len(found)


@pytest.mark.system
def test_a_decision_takes_the_bytes_that_are_shown(operated: Operated) -> None:
    logged = [each for each in entries(operated.folder) if "/" in each["id"]]
    redact = Redaction(form_at_hand(), leave_out=("marital",), hash=("age",), key=b"k" * 16).entry
    both = [logged, [redact(json.loads(json.dumps(each))) for each in logged]]

    measured = [
        mean_size([each for each in found if bool(each["reasons"]) == with_reasons])
        for found in both
        for with_reasons in (False, True)
    ]

    assert len(logged) == len(SAMPLES)
    assert measured == pytest.approx(SIZES, rel=0.03)


def test_the_arithmetic_of_the_growth_is_right() -> None:
    approved, explained, *_ = SIZES
    one = (2 * approved + explained) / 3
    units = {"MB": 1e6, "GB": 1e9}

    for decisions, *shown in ARITHMETIC:
        number = float(decisions.replace(",", ""))
        found = [float(size.split()[0]) * units[size.split()[1]] for size in shown]
        assert found == pytest.approx([one * number, one * number * 365], rel=0.02)


@pytest.mark.system
def test_the_log_is_checked_kept_and_exported(outcome: Outcome, operated: Operated) -> None:
    said = {
        command.partition("decision_log ")[2]: text for command, text in outcome.printed.items()
    }
    exported = (operated.folder / "decisions.csv").read_text().splitlines()

    assert f"{len(SAMPLES)} decisions, 0 files broken" in said["verify decisions"]
    assert said["remove decisions --older-than 400d"] == "0 files removed\n"
    assert len(exported) == len(SAMPLES) + 1


@pytest.mark.system
def test_while_a_key_is_rotated_both_are_good_and_the_log_tells_them_apart(
    outcome: Outcome, operated: Operated
) -> None:
    (listing,) = (command for command in RUN if command.text.endswith("list --file keys.toml"))
    log = operated.locked.server.logged()
    new = next(text for command, text in outcome.printed.items() if " rotate " in command)
    with operated.locked.client(new) as client:
        metrics = client.get("/metrics").text

    assert outcome.printed[listing.text] == listing.output.strip()
    assert outcome.statuses == {"rotated": (200, 200), "ended": (401, 200)}
    assert f"API key bank is in use until {DAY}\n" in log
    assert "API key bank is in use\n" in log
    assert set(re.findall(r'requests_by_key_total{key="(.*?)"', metrics)) == {"bank", "(nobody)"}


@pytest.mark.system
def test_a_restored_log_is_as_it_was_replays_and_goes_on(
    outcome: Outcome, operated: Operated
) -> None:
    restored = operated.folder / "restored" / "decisions"
    replayed = next(text for command, text in outcome.printed.items() if " replay " in command)
    (file,) = restored.iterdir()
    (original,) = (operated.folder / "decisions").iterdir()
    assert original.read_bytes().startswith(file.read_bytes())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert replayed.endswith("decisions the same, 0 different\n")
    before = len(entries(restored.parent))

    writer = LogWriter(restored, {}, kind=DECISIONS)
    writer.append([{"id": "after the loss"}])
    writer.close()

    findings = list(verify(restored, DECISIONS))
    assert [finding.problem for finding in findings] == [None, None]
    assert sum(finding.entries for finding in findings) == before + 1


def test_every_command_of_the_page_is_run_or_looked_at() -> None:
    others = [command.bare for command in commands(PAGE) if command not in RUN]

    assert len(RUN) >= 11
    assert {words for words in CHECKED if any(each.startswith(words) for each in others)} == set(
        CHECKED
    )


def test_the_commands_in_containers_name_what_is_there() -> None:
    compose = yaml.safe_load((PROJECT / "deploy" / "compose.yaml").read_text())
    folder = compose["services"]["classifier"]["environment"][PATH_VARIABLE]
    (volume,) = compose["services"]["classifier"]["volumes"]
    by_start = {" ".join(each.bare.split()[:2]): each.bare for each in commands(PAGE)}
    build, start = shlex.split(by_start["docker build"]), shlex.split(by_start["docker run"])

    assert shlex.split(by_start["docker compose"])[-1] == folder
    assert start[start.index("--volume") + 1] == f"{compose['name']}_{volume}"
    assert folder in start
    assert build[build.index("--tag") + 1] in start
    dockerfile = (PROJECT / build[build.index("--file") + 1]).read_text()
    (packages,) = re.findall(r"^COPY (\S+)", dockerfile, re.MULTILINE)
    assert re.search(r"^pyarrow==", (PROJECT / build[-1] / packages).read_text(), re.MULTILINE)


@pytest.mark.needs("kubectl")
def test_the_secret_of_the_page_is_the_one_that_the_component_mounts(tmp_path: Path) -> None:
    (command,) = (each.bare for each in commands(PAGE) if each.bare.startswith("kubectl"))
    COMMAND.add(tmp_path / "keys.toml", "bank")
    create, _, apply = command.partition(" | ")

    made = run(*shlex.split(create), home=tmp_path, cwd=tmp_path).stdout

    patch = PROJECT / "deploy" / "kubernetes" / "components" / "keys" / "deployment.patch.yaml"
    (volume,) = yaml.safe_load(patch.read_text())["spec"]["template"]["spec"]["volumes"]
    secret = yaml.safe_load(made)
    assert secret["metadata"]["name"] == volume["secret"]["secretName"]
    assert set(secret["data"]) == {"keys.toml"}
    assert apply == "kubectl apply --filename=-"
