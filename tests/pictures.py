"""What a picture shows."""

from base64 import b64decode


def svg(address: str) -> str:
    """The SVG in a ``data:`` address; Matplotlib writes each text as a comment beside its shape."""
    return b64decode(address.partition(",")[2]).decode()
