"""Settings of ``bentoconfiguration.yaml`` that BentoML leaves to its services.

BentoML reads the file that ``BENTOML_CONFIG`` names. It does not apply the batching of a service
of the class API, has no limits of the size of requests, and ignores a service that does not exist.
"""

import logging
import os
import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import yaml
from bentoml.exceptions import BentoMLConfigException
from pydantic import (
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)

__all__ = ["Batching", "Configuration", "Limits", "read_configuration"]

logger = logging.getLogger("bentoml.service")

VARIABLE: Final = "BENTOML_CONFIG"
COUNT: Final = "a whole number above zero"
SIZE: Final = "a size like 16 KiB or 8 MiB"
OLD_NAMES: Final = {"wait_ms": "max_queue_delay_ms"}


def _with_unit(value: object) -> object:
    if not re.fullmatch(r"[1-9]\d* (KiB|MiB)", str(value)):
        raise ValueError(SIZE)
    return value


Size = Annotated[ByteSize, BeforeValidator(_with_unit)]
Section = TypeVar("Section", bound=BaseModel)


class Batching(BaseModel):
    """Batching of the calls of a runner.

    Attributes:
        max_batch_size: rows in one model call at most.
        max_latency_ms: how long a remote runner may make a call wait, milliseconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    max_batch_size: PositiveInt = Field(description=COUNT)
    max_latency_ms: PositiveInt = Field(description=COUNT)


class Limits(BaseModel):
    """Limits of a request.

    Attributes:
        body: bytes of its body at most, by API method.
        rows: rows of its body at most, by API method that takes rows.
        max_queue_delay_ms: milliseconds of work on other requests that may lie between reading a
            request and beginning it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: dict[str, Size] = Field({}, description=SIZE)
    rows: dict[str, Annotated[PositiveInt, Field(strict=True)]] = Field({}, description=COUNT)
    max_queue_delay_ms: PositiveInt = Field(description=COUNT, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, section: Any) -> Any:  # noqa: ANN401  whatever the file has there
        if not isinstance(section, dict):
            return section
        for old in section.keys() & OLD_NAMES.keys():
            _warn_of(old)
        return {OLD_NAMES.get(name, name): value for name, value in section.items()}


@cache
def _warn_of(old: str) -> None:
    logger.warning(
        "limits.%s is now limits.%s: rename it in the configuration", old, OLD_NAMES[old]
    )


class Configuration:
    """The ``services`` of a configuration file."""

    def __init__(self, path: Path, known_services: Collection[str]) -> None:
        """Read a file.

        Raises:
            BentoMLConfigException: if it is not there, or names a service that does not exist.
        """
        self._file = path.name
        self._services = _read(path)
        for name, settings in self._services.items():
            if name not in known_services:
                known = ", ".join(known_services)
                msg = f"{self._file}: found services.{name}, expected one of {known}"
                raise BentoMLConfigException(msg)
            if not isinstance(settings, dict):
                raise self.error(name, settings, "a mapping")

    def section(self, service: str, name: str) -> Any:  # noqa: ANN401  for its reader to check
        """Return ``services.<service>.<name>``, or an empty mapping."""
        found = self._services.get(service, {}).get(name)
        return {} if found is None else found

    def read(self, service: str, name: str, model: type[Section]) -> Section:
        """Read ``services.<service>.<name>`` into a model.

        Raises:
            BentoMLConfigException: names the first wrong value and says what was expected.
        """
        try:
            return model.model_validate(self.section(service, name))
        except ValidationError as error:
            first = error.errors()[0]
            place = [str(part) for part in first["loc"]]
            if first["type"] == "extra_forbidden":
                expected = f"one of {', '.join(model.model_fields)}"
                raise self.error(".".join([service, name, *place]), None, expected) from None
            found = None if first["type"] == "missing" else first["input"]
            field = model.model_fields.get(place[0]) if place else None
            expected = (field and field.description) or "a mapping"
            raise self.error(".".join([service, name, *place]), found, expected) from None

    def check_names(
        self, place: str, found: Mapping[str, object], names: Collection[str], expected: str
    ) -> None:
        """Check that a section has a value for each name and for no other.

        Raises:
            BentoMLConfigException: names the first without a value, or the first unknown one.
        """
        for name in names:
            if name not in found:
                raise self.error(f"{place}.{name}", None, expected)  # noqa: EM102  a place
        for name in found:
            if name not in names:
                known = f"one of {', '.join(names) or 'no methods'}"
                raise self.error(f"{place}.{name}", found[name], known)  # noqa: EM102  a place

    def error(self, place: str, found: object, expected: str) -> BentoMLConfigException:
        """Make the error of a wrong value at ``services.<place>``."""
        msg = f"{self._file}: found services.{place}: {found!r:.100}, expected {expected}"
        return BentoMLConfigException(msg)


def read_configuration(path: Path | str, known_services: Collection[str]) -> Configuration:
    """Read the file that the environment names, or else ``path``; BentoML reads the same file.

    Also turns BentoML's usage tracking off, unless the environment says otherwise.

    Raises:
        BentoMLConfigException: if it is not there, or names a service that does not exist.
    """
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    found = os.environ.setdefault(VARIABLE, str(Path(path).absolute()))
    return Configuration(Path(found), known_services)


def _read(path: Path) -> dict[str, Any]:
    try:
        services = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        msg = f"{path}: found no readable services section ({error}); {VARIABLE} names this file"
        raise BentoMLConfigException(msg) from None
    if not isinstance(services, dict):
        msg = f"{path.name}: found {services!r} as services, expected a mapping"
        raise BentoMLConfigException(msg)
    return services
