"""BentoML's class API with adaptive batching, as its documentation shows it for two services.

The first validates and encodes; the second, a process of its own, predicts in batches.
"""

from typing import Annotated

import bentoml
import numpy as np
from bentoml.models import BentoModel
from bentoml.validators import DType, Shape

from benchmarks.peers.common import FORM, Application, PlainModel
from credit_risk.decision import Assessment
from credit_risk.registry import model_tag


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Predictor:
    """Predicts for the rows of many requests at once."""

    stored = BentoModel(model_tag())

    def __init__(self) -> None:
        self.model = PlainModel(self.stored)

    @bentoml.api(batchable=True)
    def predict(
        self, rows: Annotated[np.ndarray, Shape((-1, len(FORM.columns))), DType("float32")]
    ) -> np.ndarray:
        """Probability of default of each of (n, columns) rows."""
        return self.model.predict(rows)


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class ClassApiBatchable:
    """Decides on applications one by one."""

    predictor = bentoml.depends(Predictor)
    stored = BentoModel(model_tag())

    def __init__(self) -> None:
        self.model = PlainModel(self.stored)

    @bentoml.api
    async def classify(self, application: Application, /) -> Assessment:
        """Decide on one application."""
        rows = self.model.encode([application])
        probabilities = await self.predictor.to_async.predict(rows)
        return self.model.answer(float(probabilities[0]))
