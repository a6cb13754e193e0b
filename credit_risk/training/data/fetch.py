"""Read what an http(s) URL answers, piece by piece, with every failure in one sentence."""

import re
from collections.abc import Iterator
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.request import urlopen

from credit_risk.errors import DataError

__all__ = ["stream"]

TIMEOUT: Final = 30  # seconds without a byte
MAX_BYTES: Final = 1_000_000_000
PIECE: Final = 65_536  # bytes


def stream(url: str, max_bytes: int = MAX_BYTES) -> Iterator[tuple[bytes, int | None]]:
    """Yield what an http(s) URL answers in pieces, each with the whole size in bytes if told.

    Raises:
        DataError: if it cannot be reached, ends early, or is larger than ``max_bytes``.
    """
    shown = re.sub(r"(?<=//)[^/]*@|[?#].*", "", url)  # a password or token stays out of messages
    received, total = 0, None
    try:
        with urlopen(url, timeout=TIMEOUT) as response:  # noqa: S310  callers pass http(s) only
            total = response.length
            while piece := response.read(PIECE):
                received += len(piece)
                if max(received, total or 0) > max_bytes:
                    raise DataError(shown, f"found more than the {max_bytes:,} bytes expected")
                yield piece, total
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()
        cause = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
        reason = str(getattr(cause, "strerror", None) or cause) or type(error).__name__
        raise DataError(shown, f"cannot be reached: {reason[:100]}") from None
    if total is not None and received < total:
        raise DataError(shown, f"found {received:,} bytes, expected {total:,}; try again")
