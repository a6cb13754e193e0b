"""BentoML's class API as its documentation shows it: one service, one synchronous method."""

import bentoml
from bentoml.models import BentoModel

from benchmarks.peers.common import Application, PlainModel
from credit_risk.decision import Assessment
from credit_risk.registry import model_tag


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class ClassApi:
    """Decides on applications one by one."""

    stored = BentoModel(model_tag())

    def __init__(self) -> None:
        self.model = PlainModel(self.stored)

    @bentoml.api
    def classify(self, application: Application, /) -> Assessment:
        """Decide on one application."""
        (assessment,) = self.model.assess([application])
        return assessment
