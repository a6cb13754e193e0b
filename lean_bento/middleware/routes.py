"""Paths of the application: a request for any other gets no further than here.

BentoML counts a request under whatever path it asks for, a series each: a scanner would fill the
metrics. Behind this ASGI layer there are only paths of the application's own.
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["RoutesMiddleware", "paths_of"]


class RoutesMiddleware:
    """Answers 404 to a request for an unknown path, and sends files whole.

    A Range may be ignored (RFC 9110, 14.2), and the few small files of the index page have no use
    for it. Starlette refuses one that it cannot read in plain text.
    """

    def __init__(self, app: ASGIApp, paths: Iterable[str]) -> None:
        """Wrap ``app``, which has something at each of ``paths``."""
        self.app = app
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on a request for a known path."""
        if scope["type"] == "http":
            if scope["path"] not in self._paths:
                return await Response(status_code=HTTPStatus.NOT_FOUND)(scope, receive, send)
            headers = [each for each in scope["headers"] if each[0] != b"range"]
            scope = {**scope, "headers": headers}
        return await self.app(scope, receive, send)


def paths_of(routes: Iterable[Any], prefix: str = "") -> Iterator[str]:
    """Every path of an application's routes, each static file among them."""
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, Mount) and isinstance(route.app, StaticFiles):
            for folder in map(Path, route.app.all_directories):
                files = (file for file in folder.rglob("*") if file.is_file())
                yield from (f"{path}/{file.relative_to(folder).as_posix()}" for file in files)
        elif isinstance(route, Mount):
            yield from paths_of(route.routes, path)
        elif isinstance(route, Route):
            yield path
