"""What of ``bentoconfiguration.yaml`` BentoML leaves to us.

BentoML reads the file named by ``BENTOML_CONFIG``. Three things it does not do: apply the
``batching`` of a service of the class API, limit the size of requests, and complain about a service
that does not exist.
"""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from bentoml.exceptions import BentoMLConfigException

__all__ = [
    "Batching",
    "Limits",
    "read_batching",
    "read_limits",
    "read_section",
    "use_configuration",
]

VARIABLE = "BENTOML_CONFIG"
UNITS = {"KiB": 1024, "MiB": 1024**2}


@dataclass(frozen=True)
class Batching:
    """How calls of the runner are put together.

    Attributes:
        max_batch_size: rows in one model call at most.
        max_latency_ms: how long the remote runner may make a call wait, milliseconds.
    """

    max_batch_size: int
    max_latency_ms: int


@dataclass(frozen=True)
class Limits:
    """How large a request may be, by API method, and how much it may wait for.

    Attributes:
        body: bytes of its body.
        rows: rows in it, where it may have several.
        wait_ms: milliseconds of work on others, from being read to being begun.
    """

    body: Mapping[str, int]
    rows: Mapping[str, int]
    wait_ms: int


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
    batching = services.get(service, {}).get("batching")
    place = f"{path.name}: found services.{service}.batching"
    return Batching(
        max_batch_size=_count(batching, "max_batch_size", place),
        max_latency_ms=_count(batching, "max_latency_ms", place),
    )


def read_limits(service: str, body: Iterable[str], rows: Iterable[str] = ()) -> Limits:
    """Read ``services.<service>.limits`` of the file that is in force.

    Args:
        service: whose.
        body: API methods that must have a limit of their body.
        rows: API methods that must have a limit of their rows.

    Raises:
        BentoMLConfigException: if one has none, or not in the form of ``16 KiB`` or ``1000``.
    """
    path = Path(os.environ[VARIABLE])
    limits = _services(path).get(service, {}).get("limits")
    limits = limits if isinstance(limits, dict) else {}
    place = f"{path.name}: found services.{service}.limits"
    return Limits(
        body={name: _size(limits.get("body"), name, f"{place}.body") for name in body},
        rows={name: _count(limits.get("rows"), name, f"{place}.rows") for name in rows},
        wait_ms=_count(limits, "wait_ms", place),
    )


def _count(settings: Any, name: str, place: str) -> int:  # noqa: ANN401  whatever the file has there
    value = settings.get(name) if isinstance(settings, dict) else None
    if type(value) is not int or value < 1:
        msg = f"{place}.{name}: {value!r}, expected a whole number above zero"
        raise BentoMLConfigException(msg)
    return value


def _size(settings: Any, name: str, place: str) -> int:  # noqa: ANN401  as above
    value = settings.get(name) if isinstance(settings, dict) else None
    found = re.fullmatch(r"([1-9]\d*) (KiB|MiB)", str(value))
    if found is None:
        msg = f"{place}.{name}: {value!r}, expected a size like 16 KiB or 8 MiB"
        raise BentoMLConfigException(msg)
    return int(found[1]) * UNITS[found[2]]


def read_section(service: str, name: str) -> Any:  # noqa: ANN401  for its reader to check
    """Read ``services.<service>.<name>`` of the file that is in force; empty if it is not there."""
    section = _services(Path(os.environ[VARIABLE])).get(service, {}).get(name)
    return {} if section is None else section


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
