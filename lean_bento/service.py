"""How a BentoML service of this project is hosted.

Six things differ from ``bentoml.Service``. What the service depends on runs inside each worker
unless it is asked for as a service of its own. A bento serves the models it was built with. Every
error has one shape. ``docs.json`` says exactly what is answered. The page at ``/`` loads nothing
from elsewhere. Where API keys are wanted, the door stands before all of it. Leans on BentoML 1.4's
``Service``: ``all_services``, ``on_load_bento``, ``to_asgi``, ``openapi_spec``.
"""

import os
from pathlib import Path
from typing import Any

import attrs
import bentoml
import yaml
from bentoml import Service
from bentoml.exceptions import BentoMLConfigException
from bentoml.models import BentoModel
from pydantic import BaseModel, RootModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lean_bento.auth.api_keys import KEYS_VARIABLE
from lean_bento.auth.middleware import OPEN, RUNNER_KEYS_VARIABLE, auth_is_on, with_auth
from lean_bento.config import Limits
from lean_bento.http_server.server import use_server
from lean_bento.middleware.body_limits import BodyLimitsMiddleware
from lean_bento.middleware.content_type import JSON, ContentTypeMiddleware, media_types_of
from lean_bento.middleware.errors import ErrorMiddleware
from lean_bento.middleware.load_shedding import LoadSheddingMiddleware
from lean_bento.middleware.log_filters import filter_logs
from lean_bento.middleware.query_flags import QueryFlagsMiddleware, flags_of
from lean_bento.middleware.routes import RoutesMiddleware, paths_of
from lean_bento.middleware.whole_files import WholeFiles
from lean_bento.openapi import document, lock, signature_of

__all__ = ["RUNNER_VARIABLE", "HostedService"]

RUNNER_VARIABLE = "CREDIT_RISK_RUNNER"
"""``embedded`` (in every worker, the usual way) or ``remote`` (a process of its own)."""

INDEX_PAGE = Path(__file__).with_name("swagger_ui.html")
"""Served at ``/`` instead of BentoML's, which loads Google Tag Manager."""

OTHER_BODY = 16 * 1024
"""Bytes of a body that goes where none is expected."""


class _Document(dict[str, Any]):
    """Looks to BentoML like its own specification: served by asdict, built into bentos as YAML."""

    def asdict(self) -> dict[str, Any]:
        return self


yaml.add_representer(_Document, yaml.representer.SafeRepresenter.represent_dict)


def _has_fields(model: type) -> bool:
    return issubclass(model, BaseModel) and not issubclass(model, RootModel)


@attrs.define(slots=False)
class HostedService(Service[Any]):
    """A service as this project hosts it; give it as ``service_class`` to ``bentoml.service``."""

    lateness: float | None = attrs.field(default=None, init=False)
    body_limits: dict[str, int] = attrs.field(factory=dict, init=False)
    readable: dict[str, type[BaseModel]] = attrs.field(factory=dict, init=False)
    pages: list[str] = attrs.field(factory=list, init=False)
    headers: dict[str, str] = attrs.field(factory=dict, init=False)
    """Headers that methods add to answers of success, each with what it means."""

    def limit(self, limits: Limits) -> None:
        """Set how large requests may be and how much one may wait for."""
        self.lateness = limits.wait_ms / 1000
        self.body_limits = {self.apis[name].route: limit for name, limit in limits.body.items()}

    def answer_get(self, path: str, model: type[BaseModel], content: Any) -> None:  # noqa: ANN401  BentoML's untyped instance
        """Answer GET on ``path`` with ``content(instance)``, a ``model``, as JSON."""

        async def endpoint(_: Request) -> Response:
            answer = content(bentoml.get_current_service())
            return Response(answer.model_dump_json(), media_type=JSON)

        self.readable[path] = model
        self.mount_asgi_app(Starlette(routes=[Route(path, endpoint)]))

    def answer_page(self, path: str, content: Any, otherwise: str) -> None:  # noqa: ANN401  as above
        """Answer GET on ``path`` with the HTML of ``content(instance)``.

        Where that is None the answer is 404 with the sentence ``otherwise``.
        """

        async def endpoint(_: Request) -> Response:
            page = content(bentoml.get_current_service())
            if page is None:
                return JSONResponse({"error": otherwise}, status_code=404)
            return HTMLResponse(page)

        self.pages.append(path)
        self.mount_asgi_app(Starlette(routes=[Route(path, endpoint)]))

    def all_services(self, exclude_urls: bool = False) -> dict[str, Service[Any]]:  # noqa: FBT001, FBT002  BentoML's signature
        """Name the services that make up this one; BentoML starts a process for each."""
        if exclude_urls and not runs_remotely():
            return {self.name: self}
        services: dict[str, Service[Any]] = super().all_services(exclude_urls=exclude_urls)
        return services

    def on_load_bento(self, bento: Any) -> None:  # noqa: ANN401  BentoML does not export the type
        """Pin every ``:latest`` to the version in the bento; a newer one may be in the store."""
        super().on_load_bento(bento)
        packed = {model.tag.name: model.tag for model in bento.info.all_models}
        for service in self.all_services().values():
            for model in service.models:
                if isinstance(model, BentoModel) and model.tag.version == "latest":
                    object.__setattr__(model, "tag", packed[model.tag.name])

    def to_asgi(self, is_main: bool = True) -> ASGIApp:  # noqa: FBT001, FBT002  BentoML's signature
        """Build what every worker serves: the application, behind the door where there is one."""
        variable = KEYS_VARIABLE if is_main else RUNNER_KEYS_VARIABLE
        return with_auth(self.application(is_main=is_main), variable)

    def application(self, *, is_main: bool) -> ErrorMiddleware:
        """Build the application."""
        filter_logs()
        use_server()
        inputs = {m.route: signature_of(m.func)[0] for m in self.apis.values()}
        if self.lateness:
            self.add_asgi_middleware(LoadSheddingMiddleware, seconds=self.lateness)
        accepted = {m.route: media_types_of(m.input_spec) for m in self.apis.values()}
        self.add_asgi_middleware(ContentTypeMiddleware, accepted=accepted)
        self.add_asgi_middleware(
            BodyLimitsMiddleware, limits=self.body_limits, otherwise=OTHER_BODY
        )
        flags = {m.route: flags_of(m.func) for m in self.apis.values()}
        self.add_asgi_middleware(QueryFlagsMiddleware, flags=flags)
        self.add_asgi_middleware(WholeFiles)
        named = {path: m for path, m in inputs.items() if _has_fields(m)}
        app = super().to_asgi(is_main)
        if is_main:
            index = HTMLResponse(INDEX_PAGE.read_text())
            app.router.routes.insert(0, Route("/", index, methods=["GET"]))
        return ErrorMiddleware(RoutesMiddleware(app, paths_of(app.routes)), named)

    @property
    def openapi_spec(self) -> _Document:
        """The document behind Swagger UI."""
        found = document(
            self,
            version=self.labels["version"],
            readable=self.readable,
            pages=self.pages,
            headers=self.headers,
        )
        return _Document(lock(found, OPEN) if auth_is_on() else found)


def runs_remotely() -> bool:
    """Whether the environment asks for the runner as a service of its own.

    Raises:
        BentoMLConfigException: for anything but ``embedded`` and ``remote``.
    """
    mode = os.environ.get(RUNNER_VARIABLE, "embedded")
    if mode not in ("embedded", "remote"):
        msg = f"{RUNNER_VARIABLE}: found {mode!r}, expected 'embedded' or 'remote'"
        raise BentoMLConfigException(msg)
    return mode == "remote"
