"""One line of a log: a JSON object that carries the hash of the line before and its own.

``{…, "previous": "<hash of the line before>", "hash": "<SHA-256 of the line up to here>"}``

A line's hash covers ``previous``, so it stands for all lines before. A changed line no longer fits
its own hash; a missing line leaves two that do not fit each other. The hash has no key: whoever
can write the folder can also write another chain.
"""

import json
from hashlib import sha256
from typing import Any, Final

from audit_log.errors import BrokenLogError

GENESIS_HASH: Final = "0" * 64
"""``previous`` of a line that has none before it."""

Fields = dict[str, Any]
"""A line as it was read: its own fields, ``previous`` and ``hash``."""


def append(content: bytes, previous: str) -> tuple[bytes, str]:
    """Make the line that follows ``previous``; ``content`` is a JSON object that is not empty.

    Returns:
        The line with its newline, and its hash.
    """
    body = b'%b,"previous":"%b"' % (content[:-1], previous.encode())
    digest = sha256(body).hexdigest()
    return b'%b,"hash":"%b"}\n' % (body, digest.encode()), digest


def verify(line: bytes) -> Fields:
    """Read a line, without its newline.

    Raises:
        BrokenLogError: if it does not fit its own hash, or was not made by ``append``.
    """
    body, _, end = line.rpartition(b',"hash":"')
    if end != b'%b"}' % sha256(body).hexdigest().encode():
        raise BrokenLogError(found="a line that does not fit its own hash", expected="as written")
    try:
        fields: Fields = json.loads(line)
        fields["previous"]
    except (KeyError, RecursionError, ValueError):
        raise BrokenLogError(found="a line of another kind", expected="a JSON object") from None
    return fields
