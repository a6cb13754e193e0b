"""Form and language of the service: of the environment, the configuration, or the project."""

from pathlib import Path
from typing import Any

import pytest
from bentoml.exceptions import BentoMLConfigException
from running import PROJECT, configured
from toys import toy

from credit_risk.form import OWN_FORM
from credit_risk.registry import (
    configured_form,
    configured_policy,
    language_option,
    read_settings,
)

CONFIGURATION = read_settings(str(PROJECT / "service.py"))


def test_the_shipped_configuration_names_the_project_s_own() -> None:
    assert configured_form(CONFIGURATION).module == OWN_FORM


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_RISK_FORM", str(PROJECT / "examples/german_credit/form.py"))

    assert configured_form(CONFIGURATION).name == "german_credit"


def test_a_form_that_is_not_there_ends_the_start_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDIT_RISK_FORM", "no.such.form")

    with pytest.raises(BentoMLConfigException, match=r"^form no\.such\.form: found No"):
        configured_form(CONFIGURATION)


def test_a_variable_that_names_no_policy_is_refused_as_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDIT_RISK_POLICY", "")

    with pytest.raises(BentoMLConfigException, match=r"^CREDIT_RISK_POLICY: found an empty variab"):
        configured_policy()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read the project's settings with another language."""

    def read(language: object) -> Any:
        changes = {"credit_risk_classifier.language": language}
        (variable,) = configured(tmp_path, changes).items()
        monkeypatch.setenv(*variable)
        return read_settings("service.py")

    return read


FORM = toy()
SPANISH = toy(sentences={"es": FORM.sentences["es"]})


def test_the_shipped_configuration_is_in_english() -> None:
    option = language_option(CONFIGURATION, FORM)

    assert (option.name, option.words, option.otherwise) == ("language", ("en", "es"), "en")


@pytest.mark.parametrize(("language", "found"), [("es", "es"), ("en", "en"), (None, "en")])
def test_the_configuration_names_the_language_or_it_is_english(
    settings: Any, language: str | None, found: str
) -> None:
    assert language_option(settings(language), FORM).otherwise == found


def test_the_environment_names_the_language_first(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_RISK_LANGUAGE", "es")

    assert language_option(settings("fr"), FORM).otherwise == "es"


def test_a_form_needs_no_english(settings: Any) -> None:
    option = language_option(settings("es"), SPANISH)

    assert (option.words, option.otherwise) == (("es",), "es")


@pytest.mark.parametrize("language", ["fr", "", "EN", 5, False, ["en"]])
def test_a_language_that_the_form_does_not_have_ends_the_start_in_a_sentence(
    settings: Any, language: object
) -> None:
    with pytest.raises(BentoMLConfigException) as refusal:
        language_option(settings(language), FORM)

    assert str(refusal.value) == (
        "changed.yaml: found services.credit_risk_classifier.language: "
        f"{language!r}, expected a language of the form toy: en or es"
    )


def test_a_language_of_the_environment_that_the_form_does_not_have_is_refused_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDIT_RISK_LANGUAGE", "fr")

    with pytest.raises(BentoMLConfigException) as refusal:
        language_option(CONFIGURATION, SPANISH)

    said = "found CREDIT_RISK_LANGUAGE=fr, expected a language of the form toy: es"
    assert str(refusal.value) == said
