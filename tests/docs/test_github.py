"""What GitHub and pre-commit read: they call make, and the forms are well formed."""

import re
from itertools import pairwise

import pytest
import yaml
from documents import text_of
from running import PROJECT

GITHUB = PROJECT / ".github"
FORMS = sorted(
    set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {GITHUB / "ISSUE_TEMPLATE/config.yml"}
)
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE))
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PYTHONS = ["3.11", "3.12", "3.13"]


def make_targets(command: str) -> set[str]:
    program, *targets = command.split()
    assert program == "make", command
    return set(targets)


def test_the_workflow_calls_only_make_on_every_python() -> None:
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            assert job["strategy"]["matrix"]["python"] == PYTHONS
            for step in job["steps"]:
                assert step.keys() <= {"uses", "with", "run"}
                assert step.get("uses", "actions/").startswith("actions/")
                assert make_targets(step.get("run", "make")) <= TARGETS


def test_the_workflow_checks_and_tests() -> None:
    runs = [
        step["run"]
        for path in WORKFLOWS
        for job in yaml.safe_load(path.read_text())["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]

    assert {"make check", "make test"} <= set(runs)


def test_the_pythons_are_those_that_the_makefile_takes() -> None:
    (low, high) = re.findall(
        r"\(3, (\d+)\)", re.findall(r"^FITS := .*", text_of("Makefile"), re.MULTILINE)[0]
    )

    minors = [int(each.removeprefix("3.")) for each in PYTHONS]
    assert (minors[0], minors[-1]) == (int(low), int(high))
    assert all(later - earlier == 1 for earlier, later in pairwise(minors))


def test_the_hooks_call_only_make() -> None:
    settings = yaml.safe_load(text_of(".pre-commit-config.yaml"))

    hooks = [hook for repository in settings["repos"] for hook in repository["hooks"]]
    assert [repository["repo"] for repository in settings["repos"]] == ["local"]
    for hook in hooks:
        assert {"id", "name", "entry", "language"} <= hook.keys()
        assert make_targets(hook["entry"]) <= TARGETS
        assert hook["language"] == "system"
    assert {"make format", "make check"} == {hook["entry"] for hook in hooks}


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_is_well_formed(form) -> None:
    fields = yaml.safe_load(form.read_text())

    assert fields.keys() <= {"name", "description", "labels", "body", "title", "assignees"}
    assert fields["name"]
    assert fields["description"]
    ids = [each["id"] for each in fields["body"] if each["type"] != "markdown"]
    assert len(set(ids)) == len(ids) > 0
    for each in fields["body"]:
        assert each["type"] in {"markdown", "textarea", "input", "dropdown", "checkboxes"}
        assert each["attributes"]["value" if each["type"] == "markdown" else "label"]


def test_the_bug_form_asks_for_no_applicant_and_no_vulnerability() -> None:
    text = (GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text()

    assert "Never send real applications" in text
    assert "docs/security.md" in text
