"""The form that is served: the environment's, the configuration's, or the project's own."""

import pytest
from bentoml.exceptions import BentoMLConfigException
from running import PROJECT

from credit_risk.form import OWN_FORM
from credit_risk.registry import configured_form, read_settings

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
