"""Settings of the service, and the form that it serves."""

from typing import Final

from bentoml.exceptions import BentoMLConfigException

from credit_risk.errors import FormError
from credit_risk.form import Form, form_at_hand
from lean_bento import Configuration, read_configuration

CLASSIFIER: Final = "credit_risk_classifier"
"""Name of the service that people call."""

RUNNER: Final = "CreditRiskRunner"
"""Name of the service that holds the model."""


def read_settings(program: str) -> Configuration:
    """Read ``bentoconfiguration.yaml`` beside a program, or what the environment names instead.

    Raises:
        BentoMLConfigException: if it cannot be read, or holds what nothing would use.
    """
    return read_configuration(program, {CLASSIFIER: ["form", "decision_log"], RUNNER: ["batching"]})


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
