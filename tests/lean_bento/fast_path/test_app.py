"""A request takes the fast path if its method and its body allow it, and BentoML's otherwise."""

import asyncio
from typing import Any

import bentoml
import numpy as np
import pytest
from asgi import ask
from pydantic import BaseModel, RootModel
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from lean_bento import NPY, options
from lean_bento.codecs.npy import write_npy
from lean_bento.endpoint_options import options_of
from lean_bento.fast_path.app import FastPath
from lean_bento.middleware.errors import ErrorMiddleware
from lean_bento.middleware.request_checks import EndpointLimits


class Flower(BaseModel):
    petal: float


class Flowers(RootModel[Any]):
    """Rows of numbers."""


class Kind(BaseModel):
    kind: str


class Garden:
    """A service; the number says which instance answers."""

    def __init__(self, number: int = 1) -> None:
        self.number = number

    @bentoml.api
    async def name(self, flower: Flower, /) -> Kind:
        return Kind(kind=f"{flower.petal} by {self.number}")

    @bentoml.api
    @options(media_types=("application/json", NPY))
    async def name_array(self, flowers: Flowers, /) -> Kind:
        return Kind(kind=f"{np.sum(flowers.root)} by {self.number}")

    @bentoml.api
    def name_in_a_thread(self, flower: Flower, /) -> Kind:
        return Kind(kind=f"{flower.petal}")

    @bentoml.api
    async def name_with_context(self, flower: Flower, /, ctx: bentoml.Context) -> Kind:  # noqa: ARG002  BentoML finds it by its name
        return Kind(kind=f"{flower.petal}")

    @bentoml.api
    async def name_parts(self, flower: Flower) -> Kind:
        return Kind(kind=f"{flower.petal}")


METHODS = {
    f"/{name}": getattr(Garden, name)
    for name in ("name", "name_array", "name_in_a_thread", "name_with_context", "name_parts")
}
SLOW = "BentoML's own path"


def app_of(*middlewares: Middleware, instances: Any = None) -> FastPath:
    """The fast path in front of an application that answers everything with ``SLOW``."""
    answer = PlainTextResponse(SLOW)
    routes = [Route("/{path:path}", answer, methods=["GET", "POST"])]
    inner = Starlette(routes=routes, middleware=middlewares)
    inner.middleware_stack = inner.build_middleware_stack()
    limits = {path: EndpointLimits(options_of(m.func), body=1000) for path, m in METHODS.items()}
    gardens = instances or iter([Garden()])
    return FastPath(ErrorMiddleware(inner, {}), METHODS, limits, lambda: next(gardens), "garden")


def post(app: FastPath, path: str = "/name", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(app, "POST", path, content=b'{"petal": 1.5}', headers=named).text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content_type": "application/json"},
        {"content_type": "Application/JSON; charset=utf-8"},
        {"content_encoding": "identity"},
    ],
)
def test_json_is_answered_by_the_method(headers: dict[str, str]) -> None:
    assert post(app_of(), **headers) == '{"kind":"1.5 by 1"}'


def test_an_array_is_answered_by_the_method() -> None:
    body = write_npy(np.ones((2, 3)))

    answer = ask(app_of(), "POST", "/name_array", content=body, headers={"content-type": NPY})

    assert answer.json() == {"kind": "6.0 by 1"}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/elsewhere", {}),
        ("/name/", {}),
        ("/name", {"content_type": "text/plain"}),
        ("/name", {"content_type": ""}),
        ("/name", {"content_type": NPY}),
        ("/name", {"content_encoding": "gzip"}),
        ("/name_in_a_thread", {}),
        ("/name_with_context", {}),
        ("/name_parts", {}),
    ],
)
def test_what_the_fast_path_does_not_know_takes_bentoml_s(
    path: str, headers: dict[str, str]
) -> None:
    assert post(app_of(), path, **headers) == SLOW


def test_a_get_takes_bentoml_s_path() -> None:
    assert ask(app_of(), "GET", "/name").text == SLOW


def test_everything_does_behind_a_middleware_that_is_not_known() -> None:
    assert post(app_of(Middleware(CORSMiddleware))) == SLOW


def test_each_start_of_the_application_has_its_own_instance() -> None:
    app = app_of(instances=iter([Garden(1), Garden(2)]))

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.shutdown"}

    async def send(_: Any) -> None: ...

    found = [post(app), post(app)]
    asyncio.run(app({"type": "lifespan"}, receive, send))  # the application stops
    found.append(post(app))

    assert [each[-3] for each in found] == ["1", "1", "2"]
