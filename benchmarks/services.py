"""The services of the benchmark: what each is called and how it is started.

One worker and one thread for the model, whatever the service; access logs are off.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

BENTOML = ("bentoml", "serve", "--host", "127.0.0.1", "--port", "{port}")
UVICORN = (
    *("uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--workers", "1"),
    *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
)
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--log-level", "warning")
QUIET = "api_server.logging.access.enabled=false runners.logging.access.enabled=false"
KEYS_FILE: Final = "keys.toml"
"""Name of the file of API keys in the home of each service."""


@dataclass(frozen=True)
class Service:
    """A way to serve the model.

    Attributes:
        title: for people.
        command: with ``{port}`` in the place of the port.
        settings: environment variables, with ``{home}`` in the place of the service's home.
        exact: whether its probabilities must be the booster's bit for bit.
        before: whether it runs from the other checkout.
        model: tag of a model of its own; empty: the one that all load.
        package: of an environment of its own, which `make bench-peers` makes; with its version.
    """

    title: str
    command: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False
    before: bool = False
    model: str = ""
    package: str = ""

    @property
    def commands(self) -> Path:
        """Folder of the commands of its environment."""
        if not self.package:
            return Path(sys.executable).parent
        (name, *_) = re.findall(r"\w+", self.package)
        return Path(__file__).parents[1] / f".venv-bench-{name}" / "bin"

    @property
    def keys(self) -> bool:
        """Whether it wants an API key."""
        return "CREDIT_RISK_API_KEYS_FILE" in self.settings


def apart(title: str, package: str, module: str) -> Service:
    """Serve by a module that is given the port, in an environment of its own."""
    version = package.partition("==")[2]
    command = ("python", "-m", f"benchmarks.peers.{module}", "{port}")
    return Service(f"{title} {version}", command, package=package)


def ours(title: str, *settings: Mapping[str, str], before: bool = False) -> Service:
    """Serve ``service.py`` with some settings."""
    merged = {name: value for each in settings for name, value in each.items()}
    return Service(title, (*BENTOML, "service.py:svc"), merged, exact=True, before=before)


KEYS = {"CREDIT_RISK_API_KEYS_FILE": f"{{home}}/{KEYS_FILE}"}
LOG = {"CREDIT_RISK_DECISION_LOG": "{home}/decisions"}
OURS: Final = "ours"

SERVICES: Mapping[str, Service] = {
    "course": Service(
        "course's runner service (`bentoml.legacy`)",
        (*BENTOML, "--api-workers", "1", "benchmarks.peers.course:svc"),
        {"BENTOML_CONFIG_OPTIONS": QUIET},
    ),
    "ray": apart("Ray Serve", "ray[serve]==2.60.0", "ray_app"),
    "litserve": apart("LitServe", "litserve==0.2.19", "litserve_app"),
    "mlserver": apart("MLServer", "mlserver==1.7.1", "mlserver_app"),
    "class-api-batchable": Service(
        "class API with a batchable dependency",
        (*BENTOML, "benchmarks.peers.class_api_batchable:ClassApiBatchable"),
    ),
    "class-api": Service(
        "class API as documented", (*BENTOML, "benchmarks.peers.class_api:ClassApi")
    ),
    "flask": Service("Flask + Gunicorn", (*GUNICORN, "benchmarks.peers.flask_app:app")),
    "remote": ours("ours, runner as a process of its own", {"CREDIT_RISK_RUNNER": "remote"}),
    "fastapi": Service("FastAPI + uvicorn", (*UVICORN, "benchmarks.peers.fastapi_app:app")),
    "fastapi-coalesced": Service(
        "FastAPI with our encoder and coalescer",
        (*UVICORN, "benchmarks.peers.fastapi_coalesced:app"),
        exact=True,
    ),
    "bare-asgi": Service(
        "bare ASGI function, the limit", (*UVICORN, "benchmarks.peers.bare_asgi:app"), exact=True
    ),
    OURS: ours("**ours, as shipped**"),
    "before": ours("before", before=True),
    "keys": ours("ours, with API keys", KEYS),
    "log": ours("ours, each decision on the disk before its answer", LOG),
    "before-log": ours("before, each decision on the disk before its answer", LOG, before=True),
    "keys-log": ours("ours, with API keys and decision log", KEYS, LOG),
    "before-keys-log": ours("before, with API keys and decision log", KEYS, LOG, before=True),
}
"""By name, in the order in which they are measured: what is compared stands close together."""
