"""What is read of bentoconfiguration.yaml by ourselves."""

from pathlib import Path

import pytest
from bentoml.exceptions import BentoMLConfigException
from running import PROJECT

from lean_bento import Batching
from lean_bento.config import VARIABLE, Limits, read_batching, read_limits

KNOWN = ("classifier", "runner")
GOOD = "services: {runner: {batching: {max_batch_size: 7, max_latency_ms: 5}}}"


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "conf.yaml"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_the_values_of_the_file_are_read(configuration: Path) -> None:
    configuration.write_text(GOOD)

    assert read_batching("runner", KNOWN) == Batching(max_batch_size=7, max_latency_ms=5)


def test_the_project_s_own_file_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(PROJECT / "bentoconfiguration.yaml"))

    batching = read_batching("CreditRiskRunner", ("credit_risk_classifier", "CreditRiskRunner"))

    assert batching.max_batch_size > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("runner", "runer"), "found services.runer, expected one of classifier"),
        (GOOD.replace("7", "0"), "max_batch_size: 0, expected a whole number above zero"),
        (GOOD.replace("5", "soon"), "max_latency_ms: 'soon', expected a whole number"),
        (GOOD.replace("7", "true"), "max_batch_size: True, expected a whole number"),
        ("services: {runner: {}}", "max_batch_size: None, expected a whole number"),
        ("services: {runner: }", "found services.runner without settings"),
        ("services: []", r"found \[\] as services, expected a mapping"),
        ("", "found no readable services section"),
        ("services: {", "found no readable services section"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(
    configuration: Path, text: str, message: str
) -> None:
    configuration.write_text(text)

    with pytest.raises(BentoMLConfigException, match=message):
        read_batching("runner", KNOWN)


@pytest.mark.usefixtures("configuration")
def test_a_file_that_is_not_there_is_refused_in_a_sentence() -> None:
    with pytest.raises(BentoMLConfigException, match="BENTOML_CONFIG names this file"):
        read_batching("runner", KNOWN)


LIMITS = """services: {classifier: {limits: {
    wait_ms: 50, body: {one: 3 KiB, all: 2 MiB}, rows: {all: 9}
}}}"""


def test_limits_are_read_with_their_units(configuration: Path) -> None:
    configuration.write_text(LIMITS)

    found = read_limits("classifier", ["one", "all"], ["all"])

    assert found == Limits({"one": 3 * 1024, "all": 2 * 1024**2}, {"all": 9}, wait_ms=50)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LIMITS.replace("3 KiB", "3"), "limits.body.one: 3, expected a size like 16 KiB"),
        (LIMITS.replace("3 KiB", "3 KB"), "limits.body.one: '3 KB', expected a size"),
        (LIMITS.replace("one", "other"), "limits.body.one: None, expected a size"),
        (LIMITS.replace("9", "-9"), "limits.rows.all: -9, expected a whole number"),
        (LIMITS.replace("50", "soon"), "limits.wait_ms: 'soon', expected a whole number"),
        ("services: {classifier: {}}", "limits.body.one: None"),
        ("services: {classifier: {limits: 7}}", "limits.body.one: None"),
    ],
)
def test_wrong_limits_are_refused_in_a_sentence(
    configuration: Path, text: str, message: str
) -> None:
    configuration.write_text(text)

    with pytest.raises(BentoMLConfigException, match=message):
        read_limits("classifier", ["one", "all"], ["all"])
