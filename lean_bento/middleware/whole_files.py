"""Files are sent whole, whatever part of one is asked for.

A Range may be ignored (RFC 9110, 14.2), and the few small files of the index page have no use for
it. Starlette refuses one that it cannot read in a word.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["WholeFiles"]


class WholeFiles:
    """Takes the Range header out of requests."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        if scope["type"] == "http":
            headers = [each for each in scope["headers"] if each[0] != b"range"]
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)
