"""Models out of the BentoML store."""

import os
import sys
from contextlib import suppress
from typing import Any, Final

import bentoml
from bentoml.exceptions import BentoMLConfigException, BentoMLException
from bentoml.models import BentoModel

from credit_risk.errors import FormRefusedError, ModelRefusedError, PolicyError
from credit_risk.form import Form
from credit_risk.registry.settings import PolicyFile, check_form_of_bento
from credit_risk.registry.stored_model import CARD, TRAIN, load_checked

MODEL_NAME: Final = "credit_risk_model"
MODEL_VARIABLE: Final = "CREDIT_RISK_MODEL"
"""Environment variable that names the tag to serve; the latest model without it."""


def model_tag() -> str:
    """Tag of the model to serve, e.g. ``credit_risk_model:latest``.

    Raises:
        BentoMLConfigException: if the environment names one that is no tag.
    """
    found = os.environ.get(MODEL_VARIABLE, f"{MODEL_NAME}:latest")
    try:
        bentoml.Tag.from_str(found)
        is_tag = ":" in found or found == MODEL_NAME  # any other word is a version
    except (BentoMLException, ValueError):
        is_tag = False
    if not is_tag:
        expected = f"a tag that `bentoml models list` shows, or {MODEL_NAME}:latest"
        msg = f"{MODEL_VARIABLE}: found {found!r}, expected {expected}"
        raise BentoMLConfigException(msg)
    return found


class CreditRiskModel(BentoModel):
    """A reference to a model that BentoML resolves when a service starts, and we check."""

    form: Form | None
    policy: PolicyFile | None
    _warned = False

    def __init__(
        self,
        tag: Any,  # noqa: ANN401  BentoML's
        form: Form | None = None,
        policy: PolicyFile | None = None,
    ) -> None:
        """Refer to a model; None for the form that its card names, and for its own policy."""
        super().__init__(tag)
        object.__setattr__(self, "form", form)  # BentoML's class is frozen
        object.__setattr__(self, "policy", policy)

    @property
    def stored(self) -> bentoml.Model | None:
        """What the store has; None if there is none.

        Raises:
            BentoMLException: if it cannot be read; the message is one sentence.
        """
        try:
            return super().stored
        except Exception as error:  # noqa: BLE001  a broken model.yaml can raise anything
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            refusal = ModelRefusedError(
                str(self.tag),
                found=f"no readable {CARD} ({reason})",
                expected="that of a model that was saved or imported as a whole",
                # while it is there, nothing can be saved beside it
                fix=f"rm -r $BENTOML_HOME/models/{self.tag.path()}, then {TRAIN}",
            )
            raise BentoMLException(str(refusal)) from None

    def to_info(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  BentoML's signature
        """Describe the model for a bento that is being built, and warn of it once.

        Raises:
            BentoMLException: if it does not fit; the message is one sentence.
        """
        try:
            stored = self.stored
            cautions = load_checked(stored, self.form).cautions if stored else ()
        except ModelRefusedError as error:
            raise self._refusal(error) from None
        if self.form:
            check_form_of_bento(self.form)
        if not self._warned:
            sys.stderr.writelines(f"Warning: {self.tag}: {caution}\n" for caution in cautions)
        object.__setattr__(self, "_warned", True)  # each service of the bento asks
        return super().to_info(*args, **kwargs)

    def resolve(self, *args: Any, **kwargs: Any) -> bentoml.Model:  # noqa: ANN401  BentoML's signature
        """Find the model in the store.

        Raises:
            BentoMLException: if it is not there or does not fit; the message is one sentence.
        """
        try:
            if self.stored is None:
                raise ModelRefusedError(
                    str(self.tag),
                    found="no such model in the store",
                    expected="one that `bentoml models list` shows",
                    fix=TRAIN,
                )
            stored: bentoml.Model = super().resolve(*args, **kwargs)
            _ = load_checked(stored, self.form, self.policy).risk_model
        except (ModelRefusedError, PolicyError) as error:
            raise self._refusal(error) from None
        return stored

    def _refusal(self, error: Exception) -> BentoMLException:
        """Make the error that BentoML prints as a sentence; every other one is a trace."""
        said = str(error)
        if isinstance(error, FormRefusedError) and self.form:
            newest = _newest_of(self.form, self.tag.name)
            said += f"; {MODEL_VARIABLE}={newest} serves the newest of the form at hand" * bool(
                newest
            )
        return BentoMLException(said)


def _newest_of(form: Form, name: str) -> str | None:
    """Tag of the newest model of this name whose card names the form; None if there is none."""
    with suppress(Exception):  # a broken model.yaml can raise anything
        infos = [model.info for model in bentoml.models.list(name)]
        fit = [each for each in infos if each.metadata["form"]["fingerprint"] == form.fingerprint]
        return str(max(fit, key=lambda info: info.creation_time).tag)
    return None
