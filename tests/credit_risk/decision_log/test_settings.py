from pathlib import Path
from typing import Any

import pytest
from bentoml.exceptions import BentoMLConfigException, BentoMLException
from course import FORM

from credit_risk.decision_log import read_log_settings
from credit_risk.decision_log.redaction import Redaction
from credit_risk.decision_log.settings import KEY_VARIABLE, PATH_VARIABLE


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PATH_VARIABLE, raising=False)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@pytest.mark.parametrize("section", [{}, {"path": None}, {"path": None, "leave_out": ["age"]}])
def test_without_a_path_there_is_no_log(section: dict[str, Any]) -> None:
    assert read_log_settings(section, FORM) is None


def test_a_path_is_enough() -> None:
    found = read_log_settings({"path": "/var/log/decisions"}, FORM)

    assert found is not None
    assert (found.path, found.max_file_size_mb) == ("/var/log/decisions", 64)
    assert found.redaction(FORM) == Redaction(FORM)


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH_VARIABLE, "/elsewhere")
    found = read_log_settings({"path": "/var/log/decisions", "max_file_size_mb": 2}, FORM)

    assert found is not None
    assert (found.path, found.max_file_size_mb) == ("/elsewhere", 2)


def test_a_variable_that_names_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PATH_VARIABLE, "")

    with pytest.raises(BentoMLConfigException, match=f"^{PATH_VARIABLE}: found nothing, expected"):
        read_log_settings({"path": "/var/log/decisions"}, FORM)


def test_fields_are_hashed_under_the_key_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "k" * 32)
    found = read_log_settings(
        {"path": "/log", "leave_out": ["marital"], "hash": ["age", "age"]}, FORM
    )

    assert found is not None
    assert found.redaction(FORM) == Redaction(FORM, ("marital",), ("age",), b"k" * 32)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (7, "decision_log: found 7, expected a mapping"),
        ({"pat": "log"}, "decision_log: found 'pat', expected only path, max_file_size_mb"),
        ({"path": 7}, "decision_log.path: found 7, expected an absolute path"),
        ({"path": "log"}, "decision_log.path: found 'log', expected an absolute path"),
        ({"max_file_size_mb": 0}, "max_file_size_mb: found 0, expected a whole number above zero"),
        ({"max_file_size_mb": True}, "max_file_size_mb: found True, expected a whole number"),
        ({"leave_out": "age"}, "decision_log.leave_out: found 'age', expected a list of fields"),
        ({"leave_out": ["shoe"]}, "leave_out: found 'shoe', expected one of seniority, home,"),
        ({"hash": ["zip"]}, "hash: found 'zip', expected one of seniority, home,"),
        ({"leave_out": [["age"]]}, "leave_out: found ['age'], expected a list of fields"),
        ({"hash": [{"age": 1}, 7]}, "hash: found {'age': 1}, expected a list of fields"),
        ({"path": "x" * 5000}, "found '" + "x" * 99 + ", expected an absolute path"),
        ({"leave_out": ["age"], "hash": ["age"]}, "hash: found 'age', expected a field that is"),
    ],
)
def test_what_makes_no_sense_is_refused_even_where_there_is_no_log(
    section: object, sentence: str
) -> None:
    with pytest.raises(BentoMLConfigException) as refused:
        read_log_settings(section, FORM)

    assert sentence in str(refused.value)


@pytest.mark.parametrize("key", ["", "short"])
def test_hashing_needs_a_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(KEY_VARIABLE, key)

    with pytest.raises(BentoMLConfigException, match=f"found {len(key)} characters, expected"):
        read_log_settings({"path": "/log", "hash": ["age"]}, FORM)


def test_a_folder_is_made_for_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    settings = read_log_settings({"path": str(folder)}, FORM)
    assert settings is not None
    settings.prepare()

    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = read_log_settings({"path": str(tmp_path / "file" / "log")}, FORM)
    assert settings is not None

    with pytest.raises(BentoMLException, match=r"Not a directory.*expected a writable folder"):
        settings.prepare()
