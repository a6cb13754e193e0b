"""The BentoML services: the runner that holds the model, and the classifier that people call.

bentoml serve service.py:svc --reload
"""

import os
from functools import partial
from pathlib import Path
from typing import Annotated, cast

import bentoml
import numpy as np
from bentoml.validators import DType, Shape

from credit_risk import store
from credit_risk.columns import EncodedApplications, Rows
from credit_risk.model import Probabilities
from credit_risk.schema import (
    Application,
    ApplicationBatch,
    ArrayAssessment,
    Assessment,
    AssessmentBatch,
    ModelCard,
)
from credit_risk.scoring import Predict, Scorer
from credit_risk.serving.batching import MicroBatcher
from credit_risk.serving.configuration import read_batching, use_configuration
from credit_risk.serving.garbage import collect_garbage_rarely
from credit_risk.serving.hosting import HostedService
from credit_risk.serving.internals import RemoteProxy
from credit_risk.serving.lean import LeanService
from credit_risk.vocabulary import COLUMNS

CLASSIFIER = "credit_risk_classifier"
RUNNER = "CreditRiskRunner"

# Set here and not in the shell, so that a bare `bentoml serve` and the bento have them too.
use_configuration(Path(__file__).with_name("bentoconfiguration.yaml"))
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
batching = read_batching(RUNNER, known_services=(CLASSIFIER, RUNNER))
credit_risk_model = store.CreditRiskModel(store.model_tag())


@bentoml.service(name=RUNNER, service_class=HostedService)
class CreditRiskRunner:
    """Holds the model."""

    model = credit_risk_model

    def __init__(self) -> None:
        self._risk_model = store.check(self.model).risk_model

    @bentoml.api(
        batchable=True,
        max_batch_size=batching.max_batch_size,
        max_latency_ms=batching.max_latency_ms,
    )
    def predict(
        self, rows: Annotated[np.ndarray, Shape((-1, len(COLUMNS))), DType("float32")]
    ) -> np.ndarray:
        """Probability of default of each of (n, 29) rows."""
        return self._risk_model.predict(rows)


@bentoml.service(name=CLASSIFIER, service_class=LeanService)
class CreditRiskClassifier:
    """Decides on loan applications: APPROVED, MAYBE (a person decides) or DECLINED."""

    runner = bentoml.depends(CreditRiskRunner)
    model = credit_risk_model

    @bentoml.on_deployment
    def refuse_a_wrong_model() -> None:
        """Check the model before the workers start; from a bento BentoML only finds it."""
        credit_risk_model.resolve()

    def __init__(self) -> None:
        stored = store.check(self.model)
        self.card = stored.card
        self._scorer = scorer = Scorer(
            encoder=stored.encoder,
            predict=self._model_call(),
            policy=stored.policy,
            model=stored.card.model,
        )
        collect_garbage_rarely()
        self._batcher = MicroBatcher(scorer.assess, max_batch_size=batching.max_batch_size)

    @bentoml.on_shutdown
    async def answer_what_was_accepted(self) -> None:
        """Wait for the calls under way before the worker ends."""
        await self._batcher.drain()

    def _model_call(self) -> Predict:
        """The runner's `predict`, in this worker or in a service of its own."""
        if isinstance(self.runner, RemoteProxy):
            return partial(self.runner.to_async.call, "predict")
        predict_here = self.runner.predict

        async def predict(rows: Rows) -> Probabilities:
            probabilities: Probabilities = predict_here(rows)
            return probabilities

        return predict

    @bentoml.api
    async def classify(self, application: Application, /) -> Assessment:
        """Decide on one application."""
        (assessment,) = await self._batcher.submit([application])
        return Assessment.model_validate(assessment)

    @bentoml.api
    async def classify_batch(self, applications: ApplicationBatch, /) -> AssessmentBatch:
        """Decide on many applications.

        The answer has the same length and order; a bad application gets its error in its place.
        """
        rows = applications.root
        assessments = iter(
            await self._batcher.submit([row for row in rows if isinstance(row, Application)])
        )
        return AssessmentBatch.of(
            [next(assessments) if isinstance(row, Application) else row for row in rows]
        )

    @bentoml.api
    async def classify_array(self, applications: EncodedApplications, /) -> ArrayAssessment:
        """Decide on encoded applications.

        (n, 29) float32, the columns of `GET /model` in order: a JSON list of lists with null for
        a missing number, or a `.npy` file.
        """
        return await self._scorer.assess_rows(applications.root)


svc = cast("HostedService", CreditRiskClassifier)
svc.answer_get("/model", ModelCard, lambda classifier: classifier.card)
