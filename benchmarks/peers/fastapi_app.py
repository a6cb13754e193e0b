"""FastAPI, served by uvicorn, as FastAPI's documentation writes it.

The endpoints are asynchronous functions although they never wait: a plain function would go
through FastAPI's thread pool on each request, which is slower.
"""

from fastapi import FastAPI

from benchmarks.peers.common import Application, PlainModel, stored_model
from credit_risk.decision import Assessment

app = FastAPI()
model = PlainModel(stored_model())


@app.post("/classify")
async def classify(application: Application) -> Assessment:
    """Decide on one application."""
    (assessment,) = model.assess([application])
    return assessment


@app.post("/classify_batch")
async def classify_batch(applications: list[Application]) -> list[Assessment]:
    """Decide on many applications with one model call."""
    return model.assess(applications)
