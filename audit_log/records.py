"""One line of a decision log: a JSON object that carries the hash of the line before and its own.

``{…, "previous": "<hash of the line before>", "hash": "<SHA-256 of the line up to here>"}``

A line's own hash covers ``previous``, so each stands for all before it: what is changed no longer
fits its own hash, and what is gone leaves two lines that do not fit each other. There is no key in
it: who can write the folder can also write another chain. Knows nothing of files and of credit.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from audit_log.errors import BrokenLogError

__all__ = ["GENESIS_HASH", "Fields", "lines_of", "seal", "unseal"]

GENESIS_HASH: Final = "0" * 64
"""What a line carries as ``previous`` that has none before it."""

Fields = dict[str, Any]
"""A line as it was read: its own fields, ``previous`` and ``hash``."""

_MARK = b',"hash":"'


def seal(content: bytes, previous: str) -> tuple[bytes, str]:
    """Make a line of a JSON object that is not empty.

    Returns:
        The line with its newline, and its hash.
    """
    body = b'%b,"previous":"%b"' % (content[:-1], previous.encode())
    found = sha256(body).hexdigest()
    return b'%b%b%b"}\n' % (body, _MARK, found.encode()), found


def unseal(line: bytes) -> Fields:
    """Read a line, without its newline.

    Raises:
        BrokenLogError: if it does not fit its own hash, or was not made by ``seal``.
    """
    body, _, end = line.rpartition(_MARK)
    if end != b'%b"}' % sha256(body).hexdigest().encode():
        raise BrokenLogError(found="a line that does not fit its own hash", expected="as written")
    try:
        fields: Fields = json.loads(line)
        fields["previous"]
    except (KeyError, RecursionError, ValueError):
        raise BrokenLogError(found="a line of another kind", expected="a JSON object") from None
    return fields


def lines_of(lines: Iterator[bytes]) -> Iterator[Fields]:
    """Read lines that follow each other, as a binary file gives them; a torn last one is skipped.

    Raises:
        BrokenLogError: at the first that was changed or does not follow the one before; ``line``
            counts from 1.
    """
    before: str | None = None
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            return  # only the last can be without
        try:
            fields = unseal(line[:-1])
            if before is not None and fields["previous"] != before:
                raise BrokenLogError(found="a line that does not follow", expected="the next one")
        except BrokenLogError as error:
            raise error.at(number) from None
        before = fields["hash"]
        yield fields
