"""The services that tests share: one of each configuration, for all tests that do not break it.

With several processes of tests, those of a file run in one of them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from running import Locked, Server, configured, serving

from credit_risk.keys import COMMAND

Start = Callable[..., Iterator[Server]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that run commands and services, since they take the longest."""
    if not hasattr(config, "workerinput"):
        return  # one process runs them all
    slow = {each.path for each in items if "home" in getattr(each, "fixturenames", ())}
    slow |= {each.path for each in items if each.path.name == "test_report.py"}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def start(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Start the project's service in a folder of its own, with some settings changed."""

    def begin(
        name: str, changes: dict[str, object] | None = None, **variables: Any
    ) -> Iterator[Server]:
        folder = tmp_path_factory.mktemp(name)
        variables |= configured(folder, changes) if changes else {}
        with serving("service.py:svc", home=home, log=folder / "log", **variables) as server:
            yield server

    return begin


@pytest.fixture(scope="session")
def server(start: Start) -> Iterator[Server]:
    """The service as people run it: ``bentoml serve service.py:svc``."""
    yield from start("server")


@pytest.fixture(scope="session")
def bentoml_path(start: Start) -> Iterator[Server]:
    """The same service on BentoML's own path: with the access log on, the lean one steps aside."""
    yield from start("bentoml-path", {"credit_risk_classifier.logging.access.enabled": True})


@pytest.fixture(scope="session")
def remote(start: Start) -> Iterator[Server]:
    """The service with a runner of its own, which has 5 s to answer."""
    patient: dict[str, object] = {"CreditRiskRunner.batching.max_latency_ms": 5_000}
    yield from start("remote", patient, CREDIT_RISK_RUNNER="remote")


@pytest.fixture(scope="session")
def locked(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    """The service with a file of keys, which has one key called ``bank``."""
    file = tmp_path_factory.mktemp("keys") / "keys.toml"
    key = COMMAND.add(file, "bank")
    for server in start("locked", **{COMMAND.variable: str(file)}):
        yield Locked(server, file, key)
