"""What the peers share: the stored model used the plain way, and our own pieces put together.

Same model, same validation, same answer: only what lies between the socket and these functions
differs from peer to peer. Knows nothing of HTTP.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import bentoml

from credit_risk.decision import Assessment, Fields, Scorer
from credit_risk.form import form_at_hand
from credit_risk.model import Probabilities, Rows
from credit_risk.registry import VECTORIZER, calls_of, load_checked, model_tag
from lean_bento import MicroBatcher

FORM = form_at_hand()
if TYPE_CHECKING:
    Application = Any
else:
    Application = FORM.application

MAX_BATCH_SIZE = 1000
"""Most rows in one model call, as in ``bentoconfiguration.yaml``."""


def stored_model(tag: str = "") -> bentoml.Model:
    """Find a model; the one that every service of the benchmark loads unless a tag is given."""
    return bentoml.models.get(tag or model_tag())


class PlainModel:
    """The stored objects, used as their own documentation says: no encoder of ours, no batching."""

    def __init__(self, stored: bentoml.Model) -> None:
        """Load the booster, on one thread, and the vectorizer."""
        checked = load_checked(stored)
        self.vectorizer: Any = stored.custom_objects[VECTORIZER]
        self.booster: Any = bentoml.xgboost.load_model(stored)
        self.booster.set_param({"nthread": 1})
        self._policy = checked.decider.policy
        self._model = checked.name
        self._missing_as = checked.card.missing_as

    def encode(self, applications: Sequence[Application]) -> Rows:
        """Encode applications with ``DictVectorizer.transform``, (n, columns) float32."""
        records = [
            {k: self._missing_as if v is None else v for k, v in application.model_dump().items()}
            for application in applications
        ]
        rows: Rows = self.vectorizer.transform(records)
        return rows

    def predict(self, rows: Rows) -> Probabilities:
        """Probability of default of each row, by XGBoost's own call for serving."""
        probabilities: Probabilities = self.booster.inplace_predict(rows)
        return probabilities

    def answer(self, probability: float) -> Assessment:
        """Make the answer to one application."""
        return Assessment(
            status=self._policy.decide(probability),
            default_probability=probability,
            reasons=[],
            model=self._model,
        )

    def assess(self, applications: Sequence[Application]) -> list[Assessment]:
        """Assess applications with one model call."""
        return [self.answer(p) for p in self.predict(self.encode(applications)).tolist()]


def scorer() -> Scorer:
    """Put our own encoder, model call and policy together, as ``service.py`` does."""
    stored = load_checked(stored_model())
    return stored.scorer(*calls_of(stored.risk_model))


def coalescer(scorer: Scorer) -> MicroBatcher[Application, Fields]:
    """Put our own batching in front of a scorer, as ``service.py`` does; no peer gives reasons."""
    return MicroBatcher(partial(scorer.assess, language=None), max_batch_size=MAX_BATCH_SIZE)
