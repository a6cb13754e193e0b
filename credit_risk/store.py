"""The one module that knows the BentoML model store.

It saves what training made, and refuses a stored model that does not fit this code: absent,
without its vectorizer, with other columns, or trained with another XGBoost. Stored objects are
pickles: import models only from people you trust.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import bentoml
from bentoml.exceptions import BentoMLException
from bentoml.models import BentoModel
from pydantic import ValidationError

from credit_risk.columns import Encoder, fingerprint
from credit_risk.errors import EncodingError, ModelRefusedError, PolicyError
from credit_risk.model import RiskModel
from credit_risk.policy import Policy
from credit_risk.schema import ModelCard, ModelDescription
from credit_risk.vocabulary import COLUMNS

__all__ = [
    "MODEL_NAME",
    "MODEL_VARIABLE",
    "CreditRiskModel",
    "StoredModel",
    "model_tag",
    "save",
]

MODEL_NAME = "credit_risk_model"
MODEL_VARIABLE = "CREDIT_RISK_MODEL"
"""Environment variable that names the tag to serve; the latest model without it."""
VECTORIZER = "DictVectorizer"
TRAIN = "python train.py"


def model_tag() -> str:
    """Tag of the model to serve, e.g. ``credit_risk_model:latest``."""
    return os.environ.get(MODEL_VARIABLE) or f"{MODEL_NAME}:latest"


def save(booster: Any, vectorizer: Any, description: ModelDescription) -> str:  # noqa: ANN401  untyped libraries
    """Put a trained model into the store and return its tag.

    Args:
        booster: ``xgboost.Booster`` on the 29 columns.
        vectorizer: the fitted ``DictVectorizer``; a pickle, so no class of ours inside it.
        description: what the model card will say.
    """
    from bentoml import xgboost as framework  # noqa: PLC0415  importing it imports xgboost

    stored = framework.save_model(
        MODEL_NAME,
        booster,
        signatures={"predict": {"batchable": True, "batch_dim": 0}},
        custom_objects={VECTORIZER: vectorizer},
        labels={"project": "credit-risk", "recipe": description.recipe},
        metadata=description.model_dump(exclude_none=True),  # the store takes no None
    )
    return str(stored.tag)


@dataclass(frozen=True)
class StoredModel:
    """A model of the store that fits this code.

    Attributes:
        card: what it is and where it comes from.
        encoder: writes applications into its columns.
        policy: the decision policy that is stored with it.
    """

    _stored: bentoml.Model
    card: ModelCard
    encoder: Encoder
    policy: Policy

    @cached_property
    def risk_model(self) -> RiskModel:
        """The model itself, read from the store at first use."""
        from bentoml import xgboost as framework  # noqa: PLC0415  importing it imports xgboost

        booster = framework.load_model(self._stored)
        return RiskModel(booster, missing_as=self.card.missing_as)


class CreditRiskModel(BentoModel):
    """A reference to a model that BentoML resolves when a service starts, and we check."""

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
                    mend=TRAIN,
                )
            stored: bentoml.Model = super().resolve(*args, **kwargs)
            check(stored)
        except ModelRefusedError as error:
            # BentoML prints its own exceptions as a sentence, every other one as a trace.
            raise BentoMLException(str(error)) from None
        return stored


def check(stored: bentoml.Model) -> StoredModel:
    """Make sure that a stored model fits this code and the installed versions.

    Raises:
        ModelRefusedError: says what was found, what was expected and what mends it.
    """
    _check_version(stored)
    vectorizer = stored.custom_objects.get(VECTORIZER)
    if vectorizer is None:
        held = ", ".join(stored.custom_objects) or "none"
        raise _refused(stored, f"custom objects: {held}", f"a {VECTORIZER} among them")
    try:
        encoder = Encoder(vectorizer)
        card = ModelCard(model=str(stored.tag), **stored.info.metadata)
        policy = Policy(**card.policy.model_dump())
    except EncodingError as error:
        raise _refused(stored, f"other columns ({error})", "this code's columns") from None
    except ValidationError as error:
        odd = ", ".join(".".join(map(str, finding["loc"])) for finding in error.errors())
        raise _refused(stored, f"metadata without a valid {odd}", "that of train.py") from None
    except PolicyError as error:
        raise _refused(stored, str(error), "thresholds in order") from None
    ours, theirs = fingerprint(COLUMNS), card.columns.fingerprint
    if theirs != ours:
        raise _refused(stored, f"columns with fingerprint {theirs[:12]}", ours[:12])
    return StoredModel(stored, card, encoder, policy)


def _check_version(stored: bentoml.Model) -> None:
    trained = str(stored.info.context.framework_versions.get("xgboost", "unknown"))
    installed = version("xgboost")
    if trained.split(".")[:2] != installed.split(".")[:2]:
        raise _refused(
            stored,
            f"a model of xgboost {trained}",
            f"xgboost {installed}, which is installed",
            mend=f"{TRAIN}, or install xgboost {trained}",
        )


def _refused(
    stored: bentoml.Model, found: str, expected: str, mend: str = TRAIN
) -> ModelRefusedError:
    return ModelRefusedError(str(stored.tag), found=found, expected=expected, mend=mend)
