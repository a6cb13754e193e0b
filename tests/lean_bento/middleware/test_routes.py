"""Only a request for a path that is there is handed on."""

from pathlib import Path

import pytest
from asgi import ask
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

    answer = ask(RoutesMiddleware(watched, paths_of(app.routes)), path=path)

    assert answer.status_code == status
    assert seen == ([] if status == 404 else [path])


@pytest.mark.parametrize("asked", ["bytes=0-1", "bytes=9-", "bytes=x", "lines=0-1", "x", ""])
def test_a_range_is_ignored(app: Starlette, asked: str) -> None:
    path = "/static/inner/page.css"

    answer = ask(RoutesMiddleware(app, [path]), path=path, headers={"range": asked})

    assert (answer.status_code, answer.content) == (200, b"style")
