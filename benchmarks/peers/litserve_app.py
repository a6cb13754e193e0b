"""LitServe, as its documentation shows it for a model that predicts at once."""

import sys

import litserve

from benchmarks.peers.common import Application, PlainModel, stored_model
from credit_risk.decision import Assessment

Application.__module__ = "benchmarks.peers.common"  # where the process of the model finds it


class Classifier(litserve.LitAPI):
    """Decides on applications one by one."""

    def setup(self, device: str) -> None:  # noqa: ARG002  LitServe's
        """Load the model."""
        self.model = PlainModel(stored_model())

    def decode_request(self, request: Application) -> Application:
        """Take the application that LitServe has validated."""
        return request

    def predict(self, application: Application) -> Assessment:
        """Decide on one application."""
        (assessment,) = self.model.assess([application])
        return assessment

    def encode_response(self, assessment: Assessment) -> Assessment:
        """Let LitServe write the answer."""
        return assessment


if __name__ == "__main__":
    server = litserve.LitServer(
        Classifier(api_path="/classify"), accelerator="cpu", workers_per_device=1
    )
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
    )
