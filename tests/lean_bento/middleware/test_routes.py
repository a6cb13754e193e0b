"""Only what is there gets through."""

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from lean_bento.middleware.routes import RoutesMiddleware, paths_of


async def endpoint(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"at {request.url.path}")


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "page.css").write_text("style")
    return Starlette(
        routes=[
            Route("/", endpoint),
            Route("/classify", endpoint, methods=["POST"]),
            Mount("/about", Starlette(routes=[Route("/model", endpoint)])),
            Mount("/static", StaticFiles(directory=tmp_path)),
        ]
    )


def test_the_paths_of_an_application_are_those_of_its_parts_and_files(app: Starlette) -> None:
    assert set(paths_of(app.routes)) == {"/", "/classify", "/about/model", "/static/inner/page.css"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/classify", 405),
        ("/static/inner/page.css", 200),
        ("/static/inner", 404),
        ("/classify/", 404),
        ("/elsewhere", 404),
    ],
)
def test_a_path_that_is_not_there_gets_no_further(app: Starlette, path: str, status: int) -> None:
    seen = []

    async def watched(scope, receive, send) -> None:
        seen.append(scope["path"])
        await app(scope, receive, send)

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(RoutesMiddleware(watched, paths_of(app.routes)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    assert asyncio.run(call()).status_code == status
    assert seen == ([] if status == 404 else [path])
