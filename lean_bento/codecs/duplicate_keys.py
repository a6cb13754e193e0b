"""Keys that a JSON object has more than once.

Parsers keep the last silently, pydantic's too: two readers of one request may then see two
different applications. Looks only at text that a parser has accepted; knows nothing of what the
keys mean.
"""

import json
from typing import Any

__all__ = ["duplicate_keys"]


def duplicate_keys(document: bytes) -> Any:  # noqa: ANN401  of the shape of the document
    """Read valid JSON with the list of its repeated keys, each once, in place of each object."""
    return json.loads(
        document.decode(),
        object_pairs_hook=_repeated,
        # A number may be longer than Python is willing to convert.
        parse_int=str,
        parse_float=str,
    )


def _repeated(pairs: list[tuple[str, Any]]) -> list[str]:
    seen: set[str] = set()
    again = {}
    for key, _ in pairs:
        if key in seen:
            again[key] = True
        seen.add(key)
    return list(again)
