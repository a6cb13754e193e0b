"""Ray Serve, with FastAPI for the HTTP, as its documentation shows."""

import signal
import sys
from typing import Any

import ray
from fastapi import FastAPI
from ray import serve

from benchmarks.peers.common import Application, PlainModel, stored_model
from credit_risk.decision import Assessment

app = FastAPI()


@serve.deployment(num_replicas=1)
@serve.ingress(app)
class Classifier:
    """Decides on applications one by one."""

    def __init__(self) -> None:
        """Load the model."""
        self.model = PlainModel(stored_model())

    @app.post("/classify")
    async def classify(self, application: Application) -> Assessment:
        """Decide on one application."""
        (assessment,) = self.model.assess([application])
        return assessment


if __name__ == "__main__":
    ray.init(include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    deployment: Any = Classifier  # what the decorator has made of it
    serve.run(deployment.bind())
    signal.pause()
