"""Redaction of the log: fields of an application that are left out, and fields that are hashed.

A hashed field is the HMAC-SHA-256 of its name and value under a secret key: equal values look
equal, and whoever has the key can look them up. Without the key a hash of an age would be the age:
there are a hundred to try. For the same reason an entry that hides anything has neither the hash
of its encoded row nor the analysts' sentences, which show values, and its encoded row has null in
every column of a hidden field. ``docs/decision_log.md`` says what remains visible through the
probability and the reasons.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from credit_risk.form import REFERENCE, Form


@dataclass(frozen=True)
class Redaction:
    """Which fields are hidden, and how.

    Attributes:
        form: of the applications.
        leave_out: fields of the application that are not kept at all.
        hash: fields that are kept as an HMAC.
        key: of the HMAC.
    """

    form: Form
    leave_out: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    key: bytes = b""

    @cached_property
    def fields(self) -> frozenset[str]:
        """All fields that are hidden."""
        return frozenset(self.leave_out + self.hash)

    @cached_property
    def _hides_values(self) -> bool:
        """Whether a field is hidden that decisions depend on."""
        return bool(self.fields - {REFERENCE})

    def entry(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept of an entry, which has an ``application`` or an encoded ``row``."""
        kept = dict(entry)
        if self._hides_values:
            kept["row_sha256"] = None
        if fields := entry.get("application"):
            others = {name: value for name, value in fields.items() if name not in self.leave_out}
            hashed = {name: self._hash(name, fields[name]) for name in self.hash}
            kept["application"] = others | hashed
        else:
            names = (column.partition("=")[0] for column in self.form.columns)
            values = zip(names, entry["row"], strict=True)
            kept["row"] = [None if name in self.fields else value for name, value in values]
        if self._hides_values and entry["reasons"]:
            kept["reasons"] = self.reasons(entry["reasons"])
        return kept

    @staticmethod
    def reasons(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return what is kept of reasons."""
        return [{k: v for k, v in reason.items() if k != "analyst"} for reason in reasons]

    def _hash(self, name: str, value: object) -> str:
        text = f"{name}={json.dumps(value)}".encode()
        return "hmac-sha256:" + hmac.digest(self.key, text, "sha256").hex()
