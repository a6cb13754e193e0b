"""What the tests of faults share: a service with as many workers as a test asks for."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import yaml
from running import PROJECT, Server, serving

Serve = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """A store of the test's own, with the model of ``home`` in it."""
    shutil.copytree(home / "models", tmp_path / "home" / "models")
    return tmp_path / "home"


@pytest.fixture
def serve_with(own_home: Path, tmp_path: Path) -> Serve:
    """Serve with so many workers and a time limit of so many seconds."""

    def serve(workers: int, timeout: int = 10, **changes: str) -> AbstractContextManager[Server]:
        settings = yaml.safe_load((PROJECT / "bentoconfiguration.yaml").read_text())
        ours = settings["services"]["credit_risk_classifier"]
        ours["workers"], ours["traffic"]["timeout"] = workers, timeout
        changed = tmp_path / "changed.yaml"
        changed.write_text(yaml.safe_dump(settings))
        changes["BENTOML_CONFIG"] = str(changed)
        log = tmp_path / "log"
        return serving("service.py:svc", home=own_home, log=log, **changes)

    return serve
