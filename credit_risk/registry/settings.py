"""Settings of the service: its form, its policy and the language of its reasons."""

import os
from pathlib import Path
from typing import Final, NamedTuple

from bentoml.exceptions import BentoMLConfigException

from credit_risk.decision import Policy, read_policy
from credit_risk.errors import FormError, PolicyError
from credit_risk.form import FORM_VARIABLE, OWN_FORM, Form, form_at_hand
from lean_bento import Choice, Configuration, read_configuration

CLASSIFIER: Final = "credit_risk_classifier"
"""Name of the service that people call."""

RUNNER: Final = "CreditRiskRunner"
"""Name of the service that holds the model."""

DECISION_METRICS: Final = "decision_metrics"
"""Setting of the classifier: whether decisions are counted."""

LANGUAGE_VARIABLE: Final = "CREDIT_RISK_LANGUAGE"
"""Environment variable that names the language; it wins over the configuration file."""

POLICY_VARIABLE: Final = "CREDIT_RISK_POLICY"
"""Environment variable that names the file of another policy than the one stored with the model."""


class PolicyFile(NamedTuple):
    """A policy that takes the place of the one stored with a model.

    Attributes:
        policy: of the file.
        path: of the file, absolute.
    """

    policy: Policy
    path: Path

    @property
    def source(self) -> str:
        """What a message begins with."""
        return f"{POLICY_VARIABLE}: {self.path}"


def read_settings(program: str) -> Configuration:
    """Read ``bentoconfiguration.yaml`` beside a program, or what the environment names instead.

    Raises:
        BentoMLConfigException: if it cannot be read, or holds what nothing would use.
    """
    ours = ["form", "language", "decision_log", DECISION_METRICS]
    own = {CLASSIFIER: ours, RUNNER: ["batching"]}
    return read_configuration(program, own)


def configured_form(configuration: Configuration) -> Form:
    """Load the form that is served: the environment's, the configured one, or the project's own.

    Raises:
        BentoMLConfigException: if there is none, or it contradicts itself; one sentence.
    """
    named = configuration.section(CLASSIFIER, "form")
    try:
        return form_at_hand(named if isinstance(named, str) else None)
    except FormError as error:
        raise BentoMLConfigException(str(error)) from None


def check_form_of_bento(form: Form) -> None:
    """Make sure that a bento finds this form by its configuration: it keeps no variable.

    Raises:
        BentoMLConfigException: if the configuration names another one; one sentence.
    """
    if not os.environ.get(FORM_VARIABLE):
        return
    configured = read_settings("service.py").section(CLASSIFIER, "form") or OWN_FORM
    named, ours = (
        os.path.relpath(each) if each.endswith(".py") else each
        for each in (str(configured), form.module)
    )
    if named != ours:
        msg = (
            f"found form: {named} in bentoconfiguration.yaml, expected form: {ours} there, since a "
            f"bento does not keep {FORM_VARIABLE} and would refuse its own model"
        )
        raise BentoMLConfigException(msg)


def language_option(configuration: Configuration, form: Form) -> Choice:
    """Make the parameter ``language`` of a query.

    Without it the reasons are in the language that the environment names, or the configured one,
    or English.

    Raises:
        BentoMLConfigException: if the form has no sentences in that; one sentence.
    """
    known = tuple(form.sentences)
    expected = f"a language of the form {form.name}: {' or '.join(known)}"
    named = os.environ.get(LANGUAGE_VARIABLE)
    if named and named not in known:
        msg = f"found {LANGUAGE_VARIABLE}={named}, expected {expected}"
        raise BentoMLConfigException(msg)
    configured = configuration.section(CLASSIFIER, "language")
    found = named or ("en" if configured == {} else configured)
    if found not in known:
        place = f"{CLASSIFIER}.language"
        raise configuration.error(place, found, expected)
    about = "Language of the reasons' sentences for the applicant."
    return Choice("language", about, known, otherwise=found)


def counts_decisions(configuration: Configuration) -> bool:
    """Tell whether decisions are counted in the metrics, as they are unless it is switched off.

    Raises:
        BentoMLConfigException: if the setting is neither true nor false; one sentence.
    """
    found = configuration.section(CLASSIFIER, DECISION_METRICS)
    if found != {} and not isinstance(found, bool):
        place = f"{CLASSIFIER}.{DECISION_METRICS}"
        raise configuration.error(place, found, "true or false")
    return found is not False


def configured_policy() -> PolicyFile | None:
    """Read the policy that the environment names; None for the one stored with the model.

    Raises:
        BentoMLConfigException: if it cannot be read, or makes no sense; one sentence.
    """
    if (named := os.environ.get(POLICY_VARIABLE)) is None:
        return None
    if not named:  # it would be the folder that the service was started in
        msg = f"{POLICY_VARIABLE}: found an empty variable, expected the path of a policy; unset it"
        raise BentoMLConfigException(msg)
    path = Path(named).absolute()
    os.environ[POLICY_VARIABLE] = str(path)  # workers begin in another folder
    try:
        return PolicyFile(read_policy(path), path)
    except PolicyError as error:
        msg = f"{POLICY_VARIABLE}: {error}"
        raise BentoMLConfigException(msg) from None
