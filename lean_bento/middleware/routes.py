"""Known paths: a request for any other path is answered with 404 here.

BentoML counts each request under its path, one Prometheus series a path, so that a scanner would
fill the metrics.
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send


class RoutesMiddleware:
    """Answers 404 to a request for an unknown path, and removes the Range header.

    A server may ignore Range (RFC 9110, 14.2), and the few small files of the index page do not
    need it. Starlette would answer an invalid one in plain text.
    """

    def __init__(self, app: ASGIApp, paths: Iterable[str]) -> None:
        """Wrap ``app``; ``paths`` are all of its paths."""
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
    """List every path of an application's routes, static files included."""
    for route in routes:
        if isinstance(route, Mount) and isinstance(route.app, StaticFiles):
            for folder in map(Path, route.app.all_directories):
                files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
                yield from (f"{prefix}{route.path}/{file.as_posix()}" for file in files)
        elif isinstance(route, Mount):
            yield from paths_of(route.routes, prefix + route.path)
        elif isinstance(route, Route):
            yield prefix + route.path
