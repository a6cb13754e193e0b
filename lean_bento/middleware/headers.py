"""Headers of every answer, good or bad: nothing to store, to guess, or to learn about the server.

An answer is about a person's credit: no cache keeps it, no browser reads it as anything but what
its media type says, and no header names the software behind it.
"""

from collections.abc import Iterable
from typing import Final

__all__ = ["SECURITY_HEADERS", "SECURITY_HEADERS_AS_TEXT", "with_security_headers"]

Header = tuple[bytes, bytes]

SECURITY_HEADERS: Final[list[Header]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
SECURITY_HEADERS_AS_TEXT: Final = {
    name.decode(): value.decode() for name, value in SECURITY_HEADERS
}
REPLACED: Final = {b"server", *(name for name, _ in SECURITY_HEADERS)}


def with_security_headers(headers: Iterable[Header]) -> list[Header]:
    """Put what every answer has in the place of what BentoML says of itself."""
    return [*(each for each in headers if each[0].lower() not in REPLACED), *SECURITY_HEADERS]
