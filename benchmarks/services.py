"""The services of the benchmark: what each is called and how it is started.

One worker and one thread for the model, whatever the service; access logs are off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["FASTAPI", "LIMIT", "OURS", "SERVICES", "Service"]

BENTOML = ("bentoml", "serve", "--host", "127.0.0.1", "--port", "{port}")
UVICORN = (
    *("uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1"),
    *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
)
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--log-level", "warning")


@dataclass(frozen=True)
class Service:
    """A way to serve the model.

    Attributes:
        title: for people.
        command: with ``{port}`` in the place of the port.
        settings: environment variables, with ``{home}`` in the place of a folder of the run's own.
        exact: whether its probabilities must be the booster's bit for bit.
    """

    title: str
    command: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False


OURS = "ours"
FASTAPI = "fastapi"
LIMIT = "bare-asgi"
QUIET = "api_server.logging.access.enabled=false runners.logging.access.enabled=false"

SERVICES: Mapping[str, Service] = {
    "course": Service(
        "course's runner service (`bentoml.legacy`)",
        (*BENTOML, "--api-workers", "1", "benchmarks.peers.course:svc"),
        {"BENTOML_CONFIG_OPTIONS": QUIET},
    ),
    "class-api-batchable": Service(
        "class API with a batchable dependency",
        (*BENTOML, "benchmarks.peers.class_api_batchable:ClassApiBatchable"),
    ),
    "class-api": Service(
        "class API as documented", (*BENTOML, "benchmarks.peers.class_api:ClassApi")
    ),
    "flask": Service("Flask + Gunicorn", (*GUNICORN, "benchmarks.peers.flask_app:app")),
    FASTAPI: Service("FastAPI + uvicorn", (*UVICORN, "benchmarks.peers.fastapi_app:app")),
    "fastapi-coalesced": Service(
        "FastAPI with our encoder and coalescer",
        (*UVICORN, "benchmarks.peers.fastapi_coalesced:app"),
        exact=True,
    ),
    "remote": Service(
        "ours, runner as a process of its own",
        (*BENTOML, "service.py:svc"),
        {"CREDIT_RISK_RUNNER": "remote"},
        exact=True,
    ),
    "logged": Service(
        "ours, each decision on the disk before its answer",
        (*BENTOML, "service.py:svc"),
        {"CREDIT_RISK_DECISION_LOG": "{home}/decisions"},
        exact=True,
    ),
    OURS: Service("**ours, as shipped**", (*BENTOML, "service.py:svc"), exact=True),
    LIMIT: Service(
        "bare ASGI function, the limit", (*UVICORN, "benchmarks.peers.bare_asgi:app"), exact=True
    ),
}
