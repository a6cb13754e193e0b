"""docs/tutorial.md is gone through as it stands, in a copy of the project."""

import shlex
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from documents import Command, assert_runs_as_shown, commands
from project_copy import copy_project
from running import PROJECT, Server, serving

STEPS = commands("docs/tutorial.md")
STARTS = ("make serve", ".venv/bin/bentoml serve ")
OF_A_SHELL = ("source .venv/bin/activate",)
"""The tests are in an environment already."""


class Reader:
    """Does what the tutorial says: one service at a time, everything in one folder."""

    def __init__(self, project: Path, home: Path, log: Path) -> None:
        self._project = project
        self._home = home
        self._log = log
        self._service = ExitStack()
        self._server: Server | None = None

    def do(self, step: Command) -> None:
        if step.bare.startswith(STARTS):
            self._start(step)
        elif step.bare not in OF_A_SHELL:
            assert self._server is not None
            assert_runs_as_shown(step, self._server.url, home=self._home, cwd=self._project)

    def _start(self, step: Command) -> None:
        if step.bare.startswith("make "):  # its environment is made from the net
            subprocess.run([*shlex.split(step.text), "--dry-run"], cwd=PROJECT, check=True)
        self.end()
        variables = {
            name: value.replace("$PWD", str(self._project))
            for name, value in step.variables.items()
        }
        service = serving(
            "service.py:svc", home=self._home, log=self._log, cwd=self._project, **variables
        )
        self._server = self._service.enter_context(service)

    def end(self) -> None:
        """End the service that runs."""
        self._service.close()


@pytest.mark.system
def test_every_step_of_the_tutorial_works(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "home"
    shutil.copytree(home / "models", own / "models")  # the tutorial stores another model
    project = tmp_path / "project"
    project.mkdir()
    reader = Reader(copy_project(project), own, tmp_path / "log")

    try:
        for step in STEPS:
            reader.do(step)
    finally:
        reader.end()

    assert len([step for step in STEPS if step.output]) >= 6
    assert not (project / "decisions").exists()
    assert len(list((own / "models" / "credit_risk_model").glob("*/"))) == 1
