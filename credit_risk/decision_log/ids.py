"""Names of decisions: unguessable, and in the order of their time."""

import os
import time

__all__ = ["new_id"]


def new_id() -> str:
    """Make a UUID of version 7 (RFC 9562): milliseconds since 1970, and 74 random bits."""
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
