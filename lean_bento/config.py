"""Settings of a service in BentoML's own merged configuration.

BentoML merges ``bentoconfiguration.yaml`` with two environment variables, and uses a part of what
it finds. What it would ignore is refused here, so that each setting arrives or says that it does
not: a service or a name that does not exist, and settings outside of a service.
"""

import logging
import os
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

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

from lean_bento.bentoml_internals import (
    BentoMLConfiguration,
    get_bentoml_config_file_from_env,
    get_bentoml_override_config_json_from_env,
    get_default_config,
)
from lean_bento.command_line import COUNT, OPTIONS, exit_with_two

logger = logging.getLogger("bentoml.service")

VARIABLE: Final = "BENTOML_CONFIG"
OVERRIDES: Final = "BENTOML_CONFIG_OVERRIDES"
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
    """The ``services`` of BentoML's merged configuration."""

    def __init__(self, services: Mapping[str, Collection[str]]) -> None:
        """Read the file and the variables that the environment has.

        Args:
            services: the sections that each service has beside BentoML's and ``limits``.

        Raises:
            BentoMLConfigException: if they cannot be read, or hold what nothing would use.
        """
        file = get_bentoml_config_file_from_env() or VARIABLE
        variables = (OVERRIDES, OPTIONS)
        self._source = ", ".join([Path(file).name, *(v for v in variables if os.environ.get(v))])
        defaults = get_default_config(version=2)
        merged = _merge(services)
        self._services = merged["services"]
        unknown = [name for name in merged if name not in defaults]
        unknown += [
            f"services.{name}"
            for name, value in self._services.items()
            if name not in services and not _is_default(value, defaults["services"].get(name))
        ]
        if unknown:
            known = ", ".join(f"services.{name}" for name in services)
            msg = f"{self._source}: found {unknown[0]}, expected one of {known}"
            raise BentoMLConfigException(msg)
        for name, own in services.items():
            if not isinstance(self._services[name], dict):
                raise self.error(name, self._services[name], "a mapping")
            known_here = defaults["services"] | dict.fromkeys(["limits", "monitoring", *own])
            for place, value, names in _unknown(self._services[name], known_here, name):
                raise self.error(place, value, f"one of {', '.join(names)}")

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
        msg = f"{self._source}: found services.{place}: {found!r:.100}, expected {expected}"
        return BentoMLConfigException(msg)


def read_configuration(program: str, services: Mapping[str, Collection[str]]) -> Configuration:
    """Read the file that the environment names, or else the one beside ``program``.

    Also turns BentoML's usage tracking off, unless the environment says otherwise.

    Args:
        program: file of the services, with a ``bentoconfiguration.yaml`` beside it.
        services: the sections that each service has beside BentoML's and ``limits``.

    Raises:
        BentoMLConfigException: if it cannot be read, or holds what nothing would use.
    """
    exit_with_two()
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    os.environ.setdefault(
        VARIABLE, str(Path(program).absolute().with_name("bentoconfiguration.yaml"))
    )
    return Configuration(services)


def in_a_sentence(error: BentoMLConfigException) -> BentoMLConfigException:
    """Shorten what BentoML says of a value that it does not take."""
    places = ".".join(re.findall(r"Key '(.*?)' error", str(error)))
    return BentoMLConfigException(f"found {places} with a value that BentoML does not take")


def _merge(services: Collection[str]) -> dict[str, Any]:
    """Have BentoML read the file and the variables, and merge them; it checks them later."""
    reader = logging.getLogger(BentoMLConfiguration.__module__)
    reader.disabled = True  # it says the same when BentoML reads for itself
    try:
        merged: dict[str, Any] = BentoMLConfiguration(
            override_config_file=get_bentoml_config_file_from_env(),
            override_config_values=os.environ.get(OPTIONS),
            override_config_json=get_bentoml_override_config_json_from_env(),
            override_defaults={"services": {name: {"workers": 1} for name in services}},
            validate_schema=False,
            use_version=2,
        ).config
    except Exception as error:  # noqa: BLE001  BentoML trips over a wrong shape in many ways
        found = f"no readable services section ({' '.join(str(error).split())})"
        file = os.environ.get(VARIABLE)
        msg = f"{file}: found {found}; {VARIABLE} names this file"
        raise BentoMLConfigException(msg) from None
    finally:
        reader.disabled = False
    return merged


def _is_default(found: object, default: object) -> bool:
    """Whether a value is BentoML's own; it may have merged others into it."""
    if isinstance(found, dict) and isinstance(default, dict):
        return all(_is_default(found.get(name), value) for name, value in default.items())
    return found == default


def _unknown(
    found: Mapping[str, Any], known: Mapping[str, Any], place: str
) -> Iterator[tuple[str, object, Collection[str]]]:
    """List what has a name that BentoML's defaults lack: where, its value, the names there."""
    for name, value in found.items():
        if name not in known:
            yield f"{place}.{name}", value, known
        elif isinstance(value, dict) and isinstance(known[name], dict):
            yield from _unknown(value, known[name], f"{place}.{name}")
