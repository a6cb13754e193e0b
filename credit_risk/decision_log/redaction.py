"""What of an application is not kept: fields that are left out, and fields that are hashed.

A hashed field is the HMAC-SHA-256 of its name and value under a secret key: equal values look
equal and can be looked up by who has the key. Without the key a hash of an age would be the age:
there are a hundred to try. For the same reason a record that hides anything has neither the hash
of its encoded row nor the analysts' sentences, which show values; and an encoded row has null in
every column of a hidden field. What remains visible through the probability and the reasons is
said in ``docs/decision_log.md``.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit_risk.form import COLUMNS

__all__ = ["Redaction"]


@dataclass(frozen=True)
class Redaction:
    """Which fields are hidden, and how.

    Attributes:
        leave_out: fields of the application that are not kept at all.
        hash: fields that are kept as an HMAC.
        key: of the HMAC.
    """

    leave_out: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    key: bytes = b""

    @property
    def fields(self) -> frozenset[str]:
        """All that is hidden."""
        return frozenset(self.leave_out + self.hash)

    def application(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is kept of an application's fields."""
        kept = {name: value for name, value in fields.items() if name not in self.leave_out}
        return kept | {name: self._hash(name, fields[name]) for name in self.hash}

    def row(self, row: Sequence[float]) -> list[float | None]:
        """What is kept of an encoded row."""
        hidden = self.fields
        return [
            None if name.partition("=")[0] in hidden else value
            for name, value in zip(COLUMNS, row, strict=True)
        ]

    @staticmethod
    def reasons(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """What is kept of reasons."""
        return [{k: v for k, v in reason.items() if k != "analyst"} for reason in reasons]

    def _hash(self, name: str, value: object) -> str:
        text = f"{name}={json.dumps(value)}".encode()
        return "hmac-sha256:" + hmac.digest(self.key, text, "sha256").hex()
