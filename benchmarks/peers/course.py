"""The course's runner service, as the ML Zoomcamp lesson writes it, in ``bentoml.legacy``.

The API server validates and encodes; a runner process predicts, with BentoML's own batching. The
runner is written out, because the ready-made ``to_runner()`` refuses boosters that know the names
of their columns, as ours does; it makes the same call.
"""

import xgboost
from bentoml.io import JSON
from bentoml.legacy import Runnable, Runner, Service

from benchmarks.peers.common import Application, PlainModel, stored_model
from credit_risk.decision import Assessment
from credit_risk.model import Probabilities, Rows

stored = stored_model()
model = PlainModel(stored)


class BoosterRunnable(Runnable):
    """The booster, in the runner's process."""

    SUPPORTED_RESOURCES = ("cpu",)
    SUPPORTS_CPU_MULTI_THREADING = True

    def __init__(self) -> None:
        self.booster = PlainModel(stored).booster

    @Runnable.method(batchable=True, batch_dim=0)
    def predict(self, rows: Rows) -> Probabilities:
        """Probability of default of each of (n, columns) rows."""
        probabilities: Probabilities = self.booster.predict(
            xgboost.DMatrix(rows), validate_features=False
        )
        return probabilities


runner = Runner(BoosterRunnable, name="credit_risk_runner", models=[stored])
svc = Service("course_credit_risk_classifier", runners=[runner])


@svc.api(input=JSON(pydantic_model=Application), output=JSON())
async def classify(application: Application) -> Assessment:
    """Decide on one application."""
    vector = model.encode([application])
    prediction = await runner.predict.async_run(vector)
    return model.answer(float(prediction[0]))
