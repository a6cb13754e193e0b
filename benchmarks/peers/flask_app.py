"""Flask, served by Gunicorn with its usual synchronous worker."""

from flask import Flask, Response, request
from pydantic import ValidationError

from benchmarks.peers.common import Application, PlainModel, stored_model

app = Flask(__name__)
model = PlainModel(stored_model())


@app.post("/classify")
def classify() -> Response:
    """Decide on one application."""
    application = Application.model_validate_json(request.get_data())
    (assessment,) = model.assess([application])
    return Response(assessment.model_dump_json(), mimetype="application/json")


@app.errorhandler(ValidationError)
def refuse(error: ValidationError) -> Response:
    """Answer a bad application."""
    return Response(error.json(include_input=False), status=400, mimetype="application/json")
