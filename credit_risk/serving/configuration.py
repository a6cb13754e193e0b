"""What of ``bentoconfiguration.yaml`` BentoML leaves to us.

BentoML reads the file named by ``BENTOML_CONFIG``. Two things it does not do: apply the
``batching`` of a service of the class API, and complain about a service that does not exist.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from bentoml.exceptions import BentoMLConfigException

__all__ = ["Batching", "read_batching", "use_configuration"]

VARIABLE = "BENTOML_CONFIG"


@dataclass(frozen=True)
class Batching:
    """How calls of the runner are put together.

    Attributes:
        max_batch_size: rows in one model call at most.
        max_latency_ms: how long the remote runner may make a call wait, milliseconds.
    """

    max_batch_size: int
    max_latency_ms: int


def use_configuration(path: Path) -> None:
    """Make BentoML read ``path``, unless the environment already names another file."""
    os.environ.setdefault(VARIABLE, str(path))


def read_batching(service: str, known_services: Collection[str]) -> Batching:
    """Read ``services.<service>.batching`` of the file that is in force.

    Raises:
        BentoMLConfigException: if the file is not there, names a service that does not exist, or
            lacks a whole number above zero for either value.
    """
    path = Path(os.environ[VARIABLE])
    services = _services(path)
    for name, settings in services.items():
        if name not in known_services:
            msg = f"{path.name}: found services.{name}, expected one of {', '.join(known_services)}"
            raise BentoMLConfigException(msg)
        if not isinstance(settings, dict):
            msg = f"{path.name}: found services.{name} without settings, expected a mapping"
            raise BentoMLConfigException(msg)
    batching = services.get(service, {}).get("batching", {})
    values = {}
    for name in ("max_batch_size", "max_latency_ms"):
        value = batching.get(name)
        if type(value) is not int or value < 1:
            msg = (
                f"{path.name}: found services.{service}.batching.{name}: {value!r}, "
                "expected a whole number above zero"
            )
            raise BentoMLConfigException(msg)
        values[name] = value
    return Batching(**values)


def _services(path: Path) -> dict[str, Any]:
    try:
        services = yaml.safe_load(path.read_text())["services"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        msg = f"{path}: found no readable services section ({error}); {VARIABLE} names this file"
        raise BentoMLConfigException(msg) from None
    if not isinstance(services, dict):
        msg = f"{path.name}: found {services!r} as services, expected a mapping"
        raise BentoMLConfigException(msg)
    return services
