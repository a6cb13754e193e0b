"""docs/policy.md is followed to the letter: a policy stored with a model, and one in its place."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from course import COURSE_EXAMPLE, ENCODER, Application
from documents import blocks, commands
from project_copy import copy_project
from running import run, serving

from credit_risk.decision import make_policy, read_policy

PAGE = "docs/policy.md"
KNOCKED_OUT = COURSE_EXAMPLE | {"records": "yes", "amount": 4500}
LARGE = COURSE_EXAMPLE | {"amount": 4500, "price": 9000, "income": 900, "assets": 90_000}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the page's file."""
    folder = tmp_path_factory.mktemp("policy")
    copy_project(folder)
    (written,) = blocks(PAGE, "toml")
    (folder / "policy.toml").write_text(written)
    return folder


def reasons_of(answer: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(each["code"], each["contribution"] is None) for each in answer["reasons"]]


def test_a_file_takes_the_place_of_the_model_s_policy_and_its_rules_come_first(
    project: Path, home: Path, tmp_path: Path
) -> None:
    (step,) = [each for each in commands(PAGE) if each.bare.startswith("bentoml serve")]
    logs = tmp_path / "decisions"
    with serving(
        "service.py:svc",
        home=home,
        cwd=project,
        log=tmp_path / "log",
        CREDIT_RISK_DECISION_LOG=str(logs),
        **step.variables,
    ) as server:
        out, large = (server.post("/classify", json=each).json() for each in (KNOCKED_OUT, LARGE))
        batch = server.post("/classify_batch", json=[KNOCKED_OUT, LARGE]).json()
        rows = ENCODER.encode([Application.model_validate(KNOCKED_OUT)])
        row = [None if value != value else value for value in rows[0].tolist()]  # noqa: PLR0124  NaN
        array = server.post("/classify_array?reasons=true", json=[row]).json()
        card = server.get("/model").json()
        report = server.get("/model/report").text
        said = server.logged()

    policy = read_policy(project / "policy.toml")
    assert card["policy"]["sha256"] == policy.sha256
    assert card["policy_of"] == "policy.toml"
    assert f"policy {policy.sha256[:12]} of policy.toml: APPROVED up to 0.25" in said
    assert f"Decisions follow the policy {policy.sha256[:12]} of policy.toml: " in report
    assert (out["status"], large["status"]) == ("DECLINED", "SENIOR_REVIEW")
    assert reasons_of(out)[0] == ("EARLIER_DEFAULT", True)
    assert not any(by_rule for _, by_rule in reasons_of(out)[1:])
    assert reasons_of(large)[0] == ("LARGE_AMOUNT", True)
    assert large["reasons"][0]["message"] == policy.rules[1].sentences["en"]
    assert "amount 4500" in large["reasons"][0]["analyst"]
    assert batch == [out, large]
    assert (array["status"], array["reasons"]) == ([out["status"]], [out["reasons"]])

    replayed = run("python", "-m", "credit_risk.decision_log", "replay", logs, home=home)
    assert "5 decisions the same, 0 different" in replayed.stdout


def test_a_policy_is_tried_on_loans_without_training(project: Path, home: Path) -> None:
    (code,) = blocks(PAGE, "python")

    decided, held = run("python", "-c", code, home=home, cwd=project).stdout.splitlines()

    for status in read_policy(project / "policy.toml").statuses:
        assert f"'{status}': " in decided
    assert sum(map(int, re.findall(r": (\d+)", decided))) == 4454
    assert held.startswith("{'EARLIER_DEFAULT': ")


@pytest.mark.system
def test_a_policy_is_stored_with_a_model(project: Path, tmp_path: Path) -> None:
    (step,) = [each for each in commands(PAGE) if each.bare.startswith("python train.py --repeats")]

    run(*step.bare.split(), home=tmp_path, cwd=project)

    tag = "credit_risk_model:latest"
    found = run("bentoml", "models", "get", tag, "-o", "json", home=tmp_path).stdout
    policy = make_policy(json.loads(found)["metadata"]["policy"])
    assert policy == read_policy(project / "policy.toml")
    report = run("bentoml", "models", "get", tag, "-o", "path", home=tmp_path).stdout.strip()
    page = (Path(report) / "report.html").read_text()
    assert policy.sha256 in page
    for rule in policy.rules:
        assert f"{rule.field} is {rule.condition}" in page


def test_a_policy_that_does_not_fit_is_refused_in_a_sentence(
    project: Path, home: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text((project / "policy.toml").read_text().replace('"records"', '"marital"'))

    for command in (
        ("bentoml", "serve", "service.py:svc", "--port", "0"),
        ("python", "train.py", "--policy", str(wrong)),
    ):
        done = run(*command, home=home, check=False, CREDIT_RISK_POLICY=str(wrong))

        assert done.returncode != 0
        said = (done.stdout + done.stderr).strip().splitlines()[-1]
        assert (
            f"{wrong}: rule EARLIER_DEFAULT: found the field 'marital', which may not decide"
            in said
        )
        assert "Traceback" not in done.stdout + done.stderr
