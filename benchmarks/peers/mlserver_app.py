"""MLServer, with an endpoint of its own beside those of its protocol, as its documentation shows.

No processes apart for inference: with one worker they would cost one more hop.
"""

import asyncio
import sys

import mlserver
from mlserver.handlers import custom_handler

from benchmarks.peers.common import Application, PlainModel, stored_model
from credit_risk.decision import Assessment


class Classifier(mlserver.MLModel):
    """Decides on applications one by one."""

    async def load(self) -> bool:
        """Load the model."""
        self.model = PlainModel(stored_model())
        return True

    @custom_handler(rest_path="/classify")
    async def classify(self, application: Application) -> Assessment:
        """Decide on one application."""
        (assessment,) = self.model.assess([application])
        return assessment


if __name__ == "__main__":
    settings = mlserver.Settings(
        host="127.0.0.1",
        http_port=int(sys.argv[1]),
        grpc_port=0,
        metrics_endpoint=None,
        parallel_workers=0,
        debug=False,
    )
    model = mlserver.ModelSettings(name="classifier", implementation=Classifier)
    asyncio.run(mlserver.MLServer(settings).start([model]))
