"""What is read of bentoconfiguration.yaml beside BentoML."""

from pathlib import Path
from typing import Any

import pytest
from bentoml.exceptions import BentoMLConfigException
from running import PROJECT

from lean_bento import Batching, read_configuration
from lean_bento.config import Configuration, Limits

KNOWN: dict[str, list[str]] = {"classifier": [], "runner": ["batching"]}
GOOD = "services: {runner: {batching: {max_batch_size: 7, max_latency_ms: 5}}}"
LIMITS = """services: {classifier: {limits: {
    max_queue_delay_ms: 50, body: {one: 3 KiB, all: 2 MiB}, rows: {all: 9}
}}}"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that the environment names."""
    path = tmp_path / "conf.yaml"
    monkeypatch.setenv("BENTOML_CONFIG", str(path))
    return path


def read(path: Path, text: str, name: str, model: Any) -> Any:
    path.write_text(text)
    service = "runner" if name == "batching" else "classifier"
    return Configuration(KNOWN).read(service, name, model)


def test_the_values_of_the_file_are_read(path: Path) -> None:
    found = read(path, GOOD, "batching", Batching)

    assert found == Batching(max_batch_size=7, max_latency_ms=5)


def test_limits_are_read_with_their_units(path: Path) -> None:
    found = read(path, LIMITS, "limits", Limits)

    assert found.body == {"one": 3 * 1024, "all": 2 * 1024**2}
    assert (found.rows, found.max_queue_delay_ms) == ({"all": 9}, 50)


@pytest.mark.usefixtures("heard")
def test_the_former_name_of_a_limit_is_accepted_and_says_so_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    former = LIMITS.replace("max_queue_delay_ms", "wait_ms")

    found = [read(path, former, "limits", Limits).max_queue_delay_ms for _ in range(2)]

    assert found == [50, 50]
    (message,) = caplog.messages
    assert "limits.wait_ms" in message
    assert "limits.max_queue_delay_ms" in message


def test_the_project_s_own_file_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENTOML_CONFIG", str(PROJECT / "bentoconfiguration.yaml"))
    known = {
        "credit_risk_classifier": ["form", "language", "decision_log", "decision_metrics"],
        "CreditRiskRunner": ["batching"],
    }

    batching = read_configuration("program.py", known).read(
        "CreditRiskRunner", "batching", Batching
    )

    assert batching.max_batch_size > 0


def test_a_file_that_the_environment_does_not_name_is_the_project_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "bentoconfiguration.yaml"
    own.write_text(GOOD)
    monkeypatch.setenv("BENTOML_CONFIG", "")  # so that it is taken back after the test
    monkeypatch.delenv("BENTOML_CONFIG")

    found = read_configuration(str(tmp_path / "program.py"), KNOWN)

    assert found.section("runner", "batching")["max_batch_size"] == 7
    assert found.section("runner", "limits") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("runner", "runer"), "found services.runer, expected one of services.cl"),
        (GOOD.replace("7", "0"), "max_batch_size: 0, expected a whole number above zero"),
        (GOOD.replace("5", "soon"), "max_latency_ms: 'soon', expected a whole number"),
        (GOOD.replace("7", "true"), "max_batch_size: True, expected a whole number"),
        (GOOD.replace("7", "7, more: 1"), "batching.more: None, expected one of max_batch_size"),
        ("services: {runner: {}}", "max_batch_size: None, expected a whole number"),
        ("services: {runner: }", "found services.runner: None, expected a mapping"),
        ("services: []", "found no readable services section"),
        ("", "found no readable services section"),
        ("services: {", "found no readable services section"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(path: Path, text: str, message: str) -> None:
    with pytest.raises(BentoMLConfigException, match=message):
        read(path, text, "batching", Batching)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LIMITS.replace("3 KiB", "3"), "limits.body.one: 3, expected a size like 16 KiB"),
        (LIMITS.replace("3 KiB", "3 KB"), "limits.body.one: '3 KB', expected a size"),
        (LIMITS.replace("9", "-9"), "limits.rows.all: -9, expected a whole number"),
        (LIMITS.replace("50", "soon"), "limits.max_queue_delay_ms: 'soon', expected a whole"),
        ("services: {classifier: {}}", "limits.max_queue_delay_ms: None, expected a whole"),
        ("services: {classifier: {limits: 7}}", "limits: 7, expected a mapping"),
    ],
)
def test_wrong_limits_are_refused_in_a_sentence(path: Path, text: str, message: str) -> None:
    with pytest.raises(BentoMLConfigException, match=message):
        read(path, text, "limits", Limits)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one", "all", "other"], "limits.body.other: None, expected a size"),
        (["one"], "limits.body.all: 2097152, expected one of one"),
        ([], "limits.body.one: 3072, expected one of no methods"),
    ],
)
def test_every_name_has_a_value_and_no_other(path: Path, names: list[str], message: str) -> None:
    path.write_text(LIMITS)
    configuration = Configuration(KNOWN)
    limits = configuration.read("classifier", "limits", Limits)

    configuration.check_names("classifier.limits.body", limits.body, ["one", "all"], "a size")
    with pytest.raises(BentoMLConfigException, match=message):
        configuration.check_names("classifier.limits.body", limits.body, names, "a size")


@pytest.mark.usefixtures("path")
def test_a_file_that_is_not_there_is_refused_in_a_sentence() -> None:
    with pytest.raises(BentoMLConfigException, match="BENTOML_CONFIG names this file"):
        read_configuration("program.py", KNOWN)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BENTOML_CONFIG_OPTIONS", "services.runner.batching.max_batch_size=9"),
        (
            "BENTOML_CONFIG_OVERRIDES",
            '{"services": {"runner": {"batching": {"max_batch_size": 9}}}}',
        ),
    ],
)
def test_a_variable_changes_what_the_file_says(
    path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    assert read(path, GOOD, "batching", Batching) == Batching(max_batch_size=9, max_latency_ms=5)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("services.runer.workers=2", "found services.runer, expected one of services.classifier"),
        ("services.workers=2", "found services.workers, expected one of services.classifier"),
        ("services.backlog=200", "found services.backlog, expected one of services.classifier"),
        ("api_server.workers=2", "found api_server, expected one of services.classifier"),
        ("services.runner.wokers=2", "found services.runner.wokers: 2, expected one of resources"),
        ("services.runner.traffic.time=2", "traffic.time: 2, expected one of timeout, max_con"),
        ("services.classifier.batching.max_batch_size=2", "batching: {'max_batch_size': 2}, exp"),
    ],
)
def test_a_setting_that_nothing_would_use_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, option: str, message: str
) -> None:
    monkeypatch.setenv("BENTOML_CONFIG_OPTIONS", option)

    with pytest.raises(BentoMLConfigException, match=message) as caught:
        read(path, GOOD, "batching", Batching)

    assert str(caught.value).startswith("conf.yaml, BENTOML_CONFIG_OPTIONS: ")
