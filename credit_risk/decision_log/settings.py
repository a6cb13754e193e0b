"""Settings of the decision log: where it is, and which fields of an application are not kept."""

import os
from pathlib import Path
from typing import Annotated, Final, cast

from bentoml.exceptions import BentoMLConfigException, BentoMLException
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from audit_log import LogKind, LogWriter, prepare_folder
from credit_risk import __version__
from credit_risk.decision_log.redaction import Redaction
from credit_risk.form import REFERENCE, Form
from credit_risk.registry import StoredModel, installed_versions

DECISIONS: Final = LogKind(entry="decision", prefix="decisions", time_field="decided_at")

PATH_VARIABLE: Final = "CREDIT_RISK_DECISION_LOG"
"""Environment variable that names the folder; it wins over the configuration file."""

KEY_VARIABLE: Final = "CREDIT_RISK_DECISION_LOG_KEY"
"""Environment variable with the secret key under which fields are hashed."""

SHORTEST_KEY: Final = 16


class DecisionLogSettings(BaseModel):
    """Settings of a decision log that is on.

    Attributes:
        path: folder of its files; absolute, because the workers of a bento do not begin in the
            folder that it is started from.
        max_file_size_mb: megabytes after which another file is begun.
        leave_out: fields that are not kept at all.
        hash: fields that are kept as an HMAC.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(pattern="^/", description="an absolute path")]
    max_file_size_mb: PositiveInt = Field(64, strict=True, description="a whole number above zero")
    leave_out: tuple[str, ...] = Field((), description="a list of fields")
    hash: tuple[str, ...] = Field((), description="a list of fields")

    @field_validator("leave_out", "hash")
    @classmethod
    def _check_fields(cls, names: tuple[str, ...], settings: ValidationInfo) -> tuple[str, ...]:
        form = cast("Form", settings.context)
        known = (*form.by_name, REFERENCE)
        if unknown := [name for name in names if name not in known]:
            place, expected = f"decision_log.{settings.field_name}", ", ".join(known)
            raise _wrong(place, repr(unknown[0]), f"one of {expected}")
        if twice := [name for name in names if name in settings.data.get("leave_out", ())]:
            place, expected = "decision_log.hash", "a field that is not left out as well"
            raise _wrong(place, repr(twice[0]), expected)
        return tuple(dict.fromkeys(names))

    @property
    def key(self) -> bytes:
        """The secret key under which fields are hashed; empty where none are."""
        return os.environ.get(KEY_VARIABLE, "").encode() if self.hash else b""

    def redaction(self, form: Form) -> Redaction:
        """Say how fields are hidden."""
        return Redaction(form, self.leave_out, self.hash, self.key)

    def prepare(self) -> str:
        """Make the folder if need be, and return it.

        Raises:
            BentoMLException: if files cannot be made in it; the message is one sentence.
        """
        try:
            prepare_folder(Path(self.path))
        except OSError as error:
            msg = f"decision_log.path: found {self.path} ({error}), expected a writable folder"
            raise BentoMLException(msg) from None
        return self.path

    def writer(self, stored: StoredModel, worker: int) -> LogWriter:
        """Make the writer of one worker's log, whose files name the model that decides."""
        header = {
            "service": __version__,
            "form": stored.card.form.model_dump(),
            "model": stored.card.model,
            "model_sha256": stored.digest,
            "policy": stored.card.policy.model_dump(exclude_none=True),
            "versions": installed_versions(),
            "left_out": self.leave_out,
            "hashed": self.hash,
        }
        size = self.max_file_size_mb * 1_000_000
        return LogWriter(Path(self.path), header, kind=DECISIONS, worker=worker, max_file_size=size)


def read_log_settings(section: object, form: Form) -> DecisionLogSettings | None:
    """Read the section ``decision_log`` of a service; without a path there is no log.

    Raises:
        BentoMLConfigException: if it holds what is not known or makes no sense.
    """
    if os.environ.get(PATH_VARIABLE) == "":  # meant to name one: silence would lose decisions
        expected = "an absolute path; without a log unset it"
        raise _wrong(PATH_VARIABLE, "nothing", expected)
    if isinstance(section, dict):
        path = os.environ.get(PATH_VARIABLE, section.get("path"))
        section = {name: value for name, value in section.items() if name != "path"}
        section |= {} if path is None else {"path": path}
    try:
        settings = DecisionLogSettings.model_validate(section, context=form)
    except ValidationError as error:
        if wrong := [each for each in error.errors() if each["type"] != "missing"]:
            raise _explain(wrong[0]) from None
        return None
    length = len(settings.key)
    if settings.hash and length < SHORTEST_KEY:
        expected = (
            f"at least {SHORTEST_KEY}: decision_log.hash needs a secret key; "
            "make one with: openssl rand -hex 32"
        )
        raise _wrong(KEY_VARIABLE, f"{length} characters", expected)
    return settings


def _explain(error: ErrorDetails) -> BentoMLConfigException:
    """Say in one sentence what pydantic found."""
    names, known = [str(each) for each in error["loc"]], DecisionLogSettings.model_fields
    if error["type"] in ("extra_forbidden", "invalid_key"):
        return _wrong("decision_log", repr(names[0]), f"only {', '.join(known)}")
    expected = (known[names[0]].description if names else None) or "a mapping"
    place = ".".join(["decision_log", *names[:1]])
    return _wrong(place, f"{error['input']!r:.100}", expected)


def _wrong(place: str, found: str, expected: str) -> BentoMLConfigException:
    return BentoMLConfigException(f"{place}: found {found}, expected {expected}")
