"""FastAPI, served by uvicorn, with our encoder and our coalescing of concurrent requests."""

from fastapi import FastAPI

from benchmarks.peers.common import Application, coalescer, scorer
from credit_risk.decision import Assessment

app = FastAPI()
submit = coalescer(scorer()).submit


@app.post("/classify")
async def classify(application: Application) -> Assessment:
    """Decide on one application."""
    (assessment,) = await submit([application])
    return Assessment.model_validate(assessment)
