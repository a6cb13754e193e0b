"""What is configured about the decision log: whether, where, and what of it is hidden."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bentoml.exceptions import BentoMLConfigException, BentoMLException

from audit_log.files import prepare
from credit_risk.decision_log.redaction import Redaction
from credit_risk.form import Application

__all__ = ["KEY_VARIABLE", "PATH_VARIABLE", "Settings", "read_settings"]

PATH_VARIABLE: Final = "CREDIT_RISK_DECISION_LOG"
"""Environment variable that names the folder; it wins over the configuration file."""

KEY_VARIABLE: Final = "CREDIT_RISK_DECISION_LOG_KEY"
"""Environment variable with the secret key under which fields are hashed."""

SHORTEST_KEY: Final = 16
MEGABYTE: Final = 1_000_000
DEFAULTS: Final[Mapping[str, Any]] = {
    "path": None,
    "max_file_size_mb": 64,
    "leave_out": [],
    "hash": [],
}


@dataclass(frozen=True)
class Settings:
    """Of a decision log that is on.

    Attributes:
        path: folder of its files.
        max_file_size: bytes after which another file is begun.
        redaction: what of an application is not kept.
    """

    path: Path
    max_file_size: int
    redaction: Redaction

    def prepare(self) -> None:
        """Make the folder if need be.

        Raises:
            BentoMLException: if files cannot be made in it; the message is one sentence.
        """
        try:
            prepare(self.path)
        except OSError as error:
            msg = f"decision_log.path: found {self.path} ({error}), expected a writable folder"
            raise BentoMLException(msg) from None


def read_settings(section: object) -> Settings | None:
    """Read the section ``decision_log`` of a service; None if there is to be no log.

    Raises:
        BentoMLConfigException: if it holds what is not known or makes no sense.
    """
    if not isinstance(section, dict):
        raise _wrong(section, "a mapping")
    if odd := sorted(map(str, section.keys() - DEFAULTS.keys())):
        raise _wrong(odd[0], f"only {', '.join(DEFAULTS)}")
    found = {**DEFAULTS, **section}
    path = os.environ.get(PATH_VARIABLE, found["path"])
    size = found["max_file_size_mb"]
    if type(size) is not int or size < 1:
        raise _wrong(size, "a whole number above zero", of="max_file_size_mb")
    if os.environ.get(PATH_VARIABLE) == "":  # meant to name one: silence would lose decisions
        msg = f"{PATH_VARIABLE}: found nothing, expected an absolute path; without a log unset it"
        raise BentoMLConfigException(msg)
    # Absolute, because the workers of a bento do not begin in the folder that it is started from.
    if path is not None and not (isinstance(path, str) and Path(path).is_absolute()):
        raise _wrong(path, "an absolute path", of="path")
    leave_out, hashed = (_fields(name, found[name]) for name in ("leave_out", "hash"))
    if twice := sorted(set(leave_out) & set(hashed)):
        raise _wrong(twice[0], "a field that is not left out as well", of="hash")
    if path is None:
        return None
    redaction = Redaction(leave_out, hashed, _key() if hashed else b"")
    return Settings(Path(path), size * MEGABYTE, redaction)


def _fields(name: str, names: object) -> tuple[str, ...]:
    known = Application.model_fields
    if not isinstance(names, list):
        raise _wrong(names, "a list of fields", of=name)
    for each in names:
        if not isinstance(each, str) or each not in known:
            raise _wrong(each, f"one of {', '.join(known)}", of=name)
    return tuple(dict.fromkeys(names))


def _key() -> bytes:
    key = os.environ.get(KEY_VARIABLE, "")
    if len(key) < SHORTEST_KEY:
        msg = (
            f"{KEY_VARIABLE}: found {len(key)} characters, expected at least {SHORTEST_KEY}: "
            "decision_log.hash needs a secret key; make one with: openssl rand -hex 32"
        )
        raise BentoMLConfigException(msg)
    return key.encode()


def _wrong(found: object, expected: str, *, of: str | None = None) -> BentoMLConfigException:
    place = "decision_log" if of is None else f"decision_log.{of}"
    msg = f"{place}: found {found!r:.100}, expected {expected}"
    return BentoMLConfigException(msg)
