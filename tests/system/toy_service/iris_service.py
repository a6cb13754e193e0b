"""Names irises: a service of another subject, on lean_bento, with a log of its own on audit_log."""

import os
from datetime import UTC, datetime
from math import dist
from pathlib import Path

import bentoml
from pydantic import BaseModel, ConfigDict, Field

from audit_log import GroupCommit, LogKind, LogWriter
from lean_bento import LeanService, RowAnswers, RowBatch, UniqueKeys, current, read_configuration

NAME = "iris_classifier"
SIGHTINGS = LogKind(entry="sighting", prefix="sightings", time_field="seen_at")
MEANS = {"setosa": (1.46, 0.25), "versicolor": (4.26, 1.33), "virginica": (5.55, 2.03)}
"""Mean length and width of a petal of each species, cm; Fisher, 1936."""


class Iris(UniqueKeys):
    """An iris, by its petals."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"petal_length": 1.4, "petal_width": 0.2}]},
    )

    petal_length: float = Field(gt=0, le=20, description="Length of a petal, cm: up to 20")
    petal_width: float = Field(gt=0, le=20, description="Width of a petal, cm: up to 20")


class Species(BaseModel):
    """The species of an iris."""

    species: str


class Irises(RowBatch[Iris]):
    """Many irises."""


class SpeciesOfEach(RowAnswers[Species]):
    """The species of each iris."""


class IrisService(LeanService):
    """A hosted service with its own prefix."""

    prefix = "IRIS"


@bentoml.service(name=NAME, service_class=IrisService)
class IrisClassifier:
    """Names irises by their petals."""

    def __init__(self) -> None:
        folder = Path(os.environ["IRIS_LOG"])
        self._log = GroupCommit(LogWriter(folder, {"program": NAME}, kind=SIGHTINGS))

    @bentoml.on_shutdown
    async def close_log(self) -> None:
        """Write what is not written yet."""
        await self._log.close()

    async def _name(self, irises: list[Iris]) -> list[Species]:
        lengths = [(iris.petal_length, iris.petal_width) for iris in irises]
        names = [min(MEANS, key=lambda name, at=at: dist(MEANS[name], at)) for at in lengths]
        about = {
            "seen_at": datetime.now(UTC).isoformat(),
            "key": (context := current()) and context.key_name,
        }
        await self._log.append([about | {"species": name} for name in names])
        return [Species(species=name) for name in names]

    @bentoml.api
    async def classify(self, iris: Iris, /) -> Species:
        """Name an iris."""
        return (await self._name([iris]))[0]

    @bentoml.api
    async def classify_batch(self, irises: Irises, /) -> SpeciesOfEach:
        """Name many irises; a bad one gets its error in its place."""
        return SpeciesOfEach.of(irises.in_place(await self._name(irises.good_rows())))


svc = IrisClassifier
svc.configure(read_configuration(__file__, {NAME: []}))
