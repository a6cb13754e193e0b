"""A BentoML service that is hosted fast and hardened.

It differs from ``bentoml.Service`` as follows. A dependency runs inside each worker, unless the
environment makes it a process of its own. A bento serves the models that it was built with. Every
error has one shape. ``docs.json`` describes every request and every answer. The page at ``/`` loads
nothing from elsewhere. With a file of API keys a request is authenticated first. A request for an
API method takes the fast path.
"""

import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

import attrs
import bentoml
import yaml
from bentoml import Service
from bentoml.exceptions import BentoMLConfigException
from bentoml.models import BentoModel
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lean_bento.auth.api_keys import KeyFile
from lean_bento.auth.keys_toml import COMMAND, read_keys
from lean_bento.auth.middleware import OPEN_PATHS, AuthMiddleware, configured_keys, key_file_of
from lean_bento.bentoml_internals import APIMethod
from lean_bento.codecs.npy import JSON, NPY
from lean_bento.codecs.tables import CSV
from lean_bento.command_line import COUNT, keep_command_line
from lean_bento.config import SIZE, Configuration, Limits, in_a_sentence
from lean_bento.endpoint_options import options_of
from lean_bento.fast_path.app import FastPath
from lean_bento.http_server import (
    check_server_in_use,
    collect_garbage_rarely,
    supervise,
    use_server,
)
from lean_bento.middleware.cors import check_origins, move_outwards
from lean_bento.middleware.errors import ErrorMiddleware
from lean_bento.middleware.load_shedding import LoadSheddingMiddleware
from lean_bento.middleware.log_filters import filter_logs
from lean_bento.middleware.request_checks import EndpointLimits, RequestChecksMiddleware
from lean_bento.middleware.routes import RoutesMiddleware, paths_of
from lean_bento.openapi import document, require_key, signature_of
from lean_bento.rows import DivisibleList, RowAnswers, RowBatch, RowLimit

logger = logging.getLogger("bentoml.service")

INDEX_PAGE = Path(__file__).with_name("swagger_ui.html")
"""Served at ``/`` instead of BentoML's, which loads Google Tag Manager."""

ARRAY: Final = {"type": "tensor", "format": "numpy-array", "root_input": True}
"""What BentoML's clients must know to write an array as JSON."""


class _Document(dict[str, Any]):
    """A document in place of BentoML's own: served by ``asdict``, written into bentos as YAML."""

    def asdict(self) -> dict[str, Any]:
        return self


yaml.add_representer(_Document, yaml.representer.SafeRepresenter.represent_dict)


def _check_tables(name: str, method: APIMethod) -> None:
    """Let CSV be only what has rows, and is answered by rows."""
    if CSV in options_of(method.func).media_types:
        body, answer = signature_of(method.func)
        if not (issubclass(body, RowBatch) and issubclass(answer, RowAnswers)):
            found = f"{name}: found {CSV} for {body.__name__} and {answer.__name__}"
            msg = f"{found}, expected a RowBatch and RowAnswers"
            raise BentoMLConfigException(msg)


@attrs.define(slots=False)
class LeanService(Service[Any]):
    """A hosted service: the ``service_class`` of ``bentoml.service``, itself or a subclass.

    Attributes:
        prefix: of its environment variables and, in lower case, of its metrics.
        keys_command: command that makes API keys, named in errors.
        limits: of each path of an API method; None before ``configure``.
        answers: model of each path that answers GET with JSON.
        pages: paths that answer GET with HTML.
        headers: that methods add to answers of success, each with its meaning.
        on_invalid: called with the instance and pydantic's findings of a body that is not valid.
        before_start: checks what the service needs, in the first process and before any worker;
            returns what is served, for the log, and warnings.
    """

    prefix: ClassVar[str] = "LEAN_BENTO"
    keys_command: ClassVar[str] = COMMAND

    limits: dict[str, EndpointLimits] | None = attrs.field(default=None, init=False)
    answers: dict[str, type[BaseModel]] = attrs.field(factory=dict, init=False)
    pages: list[str] = attrs.field(factory=list, init=False)
    headers: dict[str, str] = attrs.field(factory=dict, init=False)
    on_invalid: Callable[[Any, Any], None] | None = attrs.field(default=None, init=False)
    before_start: Callable[[], Sequence[str]] = attrs.field(
        default=attrs.Factory(lambda self: lambda: [self.name], takes_self=True), init=False
    )
    _is_dependency: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        """Have BentoML call ``_before_start`` in the first process, before the workers start."""
        super().__attrs_post_init__()
        self.inner.lean_bento_before_start = bentoml.on_deployment(
            partial(self._before_start)  # a method takes no mark of BentoML's
        )

    def configure(self, configuration: Configuration) -> None:
        """Set the limits of ``services.<name>.limits``; call it once.

        Raises:
            BentoMLConfigException: if an API method has no limit of its body, or takes rows and
                has no limit of them, or takes CSV and has no rows, or if a limit is of no method.
        """
        limits = configuration.read(self.name, "limits", Limits)
        with_rows = [n for n, m in self.apis.items() if issubclass(m.input_spec, DivisibleList)]
        place = f"{self.name}.limits"
        configuration.check_names(f"{place}.body", limits.body, self.apis, SIZE)
        configuration.check_names(f"{place}.rows", limits.rows, with_rows, COUNT)
        check_origins(configuration, self.name)
        for name, method in self.apis.items():
            _check_tables(name, method)
        self.limits = {
            method.route: EndpointLimits(
                options_of(method.func),
                limits.body[name],
                RowLimit(limits.rows[name]) if name in limits.rows else None,
            )
            for name, method in self.apis.items()
        }
        delay = limits.max_queue_delay_ms / 1000
        self.add_asgi_middleware(LoadSheddingMiddleware, max_queue_delay=delay)
        self.add_asgi_middleware(RequestChecksMiddleware, limits=self.limits)

    def answer_get(self, path: str, model: type[BaseModel], content: Any) -> None:  # noqa: ANN401  BentoML's untyped instance
        """Answer GET on ``path`` with ``content(instance)``, a ``model``, as JSON."""

        async def endpoint(_: Request) -> Response:
            answer = content(bentoml.get_current_service())
            return Response(answer.model_dump_json(), media_type=JSON)

        self.answers[path] = model
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
        """List the services that this one consists of; BentoML starts a process for each."""
        if exclude_urls and not self._runs_remotely():
            return {self.name: self}
        services: dict[str, Service[Any]] = super().all_services(exclude_urls=exclude_urls)
        return services

    def on_load_bento(self, bento: Any) -> None:  # noqa: ANN401  BentoML does not export the type
        """Pin every ``:latest`` to the version in the bento; the store may have a newer one."""
        super().on_load_bento(bento)
        packed = {model.tag.name: model.tag for model in bento.info.all_models}
        for service in self.all_services().values():
            for model in service.models:
                if isinstance(model, BentoModel) and model.tag.version == "latest":
                    object.__setattr__(model, "tag", packed[model.tag.name])

    def inject_config(self) -> None:
        """Have BentoML read its configuration, with all options of its command line."""
        keep_command_line(self.name)
        try:
            super().inject_config()
        except BentoMLConfigException as error:
            raise in_a_sentence(error) from None

    def __call__(self) -> Any:  # noqa: ANN401  BentoML's untyped instance
        """Make the instance of a worker."""
        check_server_in_use()
        instance = super().__call__()
        collect_garbage_rarely()
        return instance

    def to_asgi(self, is_main: bool = True) -> ASGIApp:  # noqa: FBT001, FBT002  BentoML's signature
        """Build the ASGI application of a worker.

        Raises:
            BentoMLConfigException: if ``configure`` was not called.
        """
        if self.limits is None:
            msg = f"found service {self.name} without limits, expected a call of its configure(...)"
            raise BentoMLConfigException(msg)
        filter_logs()
        use_server()
        app = super().to_asgi(is_main)
        if is_main:
            index = HTMLResponse(INDEX_PAGE.read_text(encoding="utf-8"))
            app.router.routes.insert(0, Route("/", index, methods=["GET"]))
        methods = {method.route: method for method in self.apis.values()}
        inputs = {path: signature_of(method.func)[0] for path, method in methods.items()}
        models = {path: model for path, model in inputs.items() if issubclass(model, BaseModel)}
        routes = RoutesMiddleware(app, paths_of(app.routes))
        with_errors = ErrorMiddleware(routes, models, self._tell_of_invalid)
        served: ASGIApp = with_errors
        if is_main:
            instance = bentoml.get_current_service
            served = FastPath(with_errors, methods, self.limits, instance, self.prefix.lower())
        path = key_file_of(self._keys_variable(is_main=is_main))
        if path is not None:
            keys = KeyFile(path, partial(read_keys, command=self.keys_command))
            served = AuthMiddleware(served, keys, self.prefix.lower())
        return move_outwards(app, served)

    def schema(self) -> dict[str, Any]:
        """Describe the methods to BentoML's clients, which can then send arrays of any type."""
        found: dict[str, Any] = super().schema()
        for method in found["routes"]:
            if NPY in options_of(self.apis[method["name"]].func).media_types:
                method["input"] = ARRAY
        return found

    @property
    def openapi_spec(self) -> _Document:
        """The OpenAPI document."""
        found = document(
            self,
            version=self.labels.get("version", "0"),
            answers=self.answers,
            pages=self.pages,
            headers=self.headers,
        )
        if key_file_of(self._keys_variable(is_main=True)):
            found = require_key(found, OPEN_PATHS)
        return _Document(found)

    def _before_start(self) -> None:
        """Check what the service needs, say what is served, and replace BentoML's supervisor."""
        supervise(self.prefix.lower())
        variable = self._keys_variable(is_main=True)
        keys = configured_keys(variable, self.keys_command)
        configured_keys(self._keys_variable(is_main=False), self.keys_command)
        if self._is_dependency:
            return
        for dependency in self.dependencies.values():
            dependency.on._is_dependency = True  # noqa: SLF001  it starts later, with this one
        served, *warnings = self.before_start()
        if keys is None:
            access = "open to everyone"
            warnings.append(
                f"The service is open to everyone who reaches its port. {variable}=FILE requires "
                "API keys."
            )
        else:
            names = ", ".join({key.name: key for key in keys})
            access = f"requests need an API key, one of: {names}"
        logger.info("Serving %s; %s", served, access)
        for warning in warnings:
            logger.warning("%s", warning)

    def _tell_of_invalid(self, findings: Any) -> None:  # noqa: ANN401  pydantic's
        if self.on_invalid:
            self.on_invalid(bentoml.get_current_service(), findings)

    def _keys_variable(self, *, is_main: bool) -> str:
        return f"{self.prefix}{'' if is_main else '_RUNNER'}_API_KEYS_FILE"

    def _runs_remotely(self) -> bool:
        """Whether the environment asks for dependencies as services of their own.

        Raises:
            BentoMLConfigException: for anything but ``embedded`` and ``remote``.
        """
        variable = f"{self.prefix}_RUNNER"
        mode = os.environ.get(variable, "embedded")
        if mode not in ("embedded", "remote"):
            msg = f"{variable}: found {mode!r}, expected 'embedded' or 'remote'"
            raise BentoMLConfigException(msg)
        return mode == "remote"
