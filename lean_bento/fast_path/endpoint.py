"""One API method as the fast path calls it: bytes in, status and bytes out.

Errors are in BentoML's own words, as on BentoML's path; ``ErrorMiddleware`` rewrites both.
"""

import inspect
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from bentoml.exceptions import BentoMLException
from pydantic import BaseModel, ValidationError
from starlette.types import Receive

from lean_bento.bentoml_internals import APIMethod
from lean_bento.codecs.chunked_json import LONG, read_in_parts, write_in_parts
from lean_bento.codecs.npy import JSON, NPY, read_npy
from lean_bento.endpoint_options import options_of
from lean_bento.fast_path.metrics import EndpointMetrics
from lean_bento.middleware.request_checks import EndpointLimits, too_large
from lean_bento.request_context import RequestContext
from lean_bento.rows import DivisibleList, RowAnswers

__all__ = ["Answer", "Endpoint", "can_be_fast", "error_body", "readers"]

logger = logging.getLogger("bentoml._internal.server.http_app")  # BentoML's, for its own path

Answer = tuple[int | None, bytes]
"""Status and body; no status if the client has gone."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API method that the fast path can serve.

    Attributes:
        read: body to model; raises ValidationError or BentoMLException.
        call: the bound method.
        limits: that a request must keep.
        metrics: of this path; None where metrics are off.
    """

    read: Callable[[bytes], Awaitable[Any]]
    call: Callable[[Any], Awaitable[BaseModel]]
    limits: EndpointLimits
    metrics: EndpointMetrics | None

    async def answer(self, context: RequestContext, receive: Receive, declared: int) -> Answer:
        """Read, validate, call, serialise; ``declared`` is the body's length, 0 if not known."""
        limits = self.limits
        try:
            if declared > limits.body:
                raise too_large(limits.body)
            if context.query:
                limits.options.check_query(context.query)
            context.row_limit = limits.rows
            body = await _read(receive, limits.body)
            if body is None:
                return None, b""
            try:
                value = await self.read(body)
            except ValidationError as error:
                return 400, _findings_body(error)
            answer = await self.call(value)
            if len(body) > LONG and isinstance(answer, RowAnswers):
                content = await write_in_parts(answer)
            else:
                content = answer.__pydantic_serializer__.to_json(answer)
            return 200, content  # noqa: TRY300  an else would stand far from its try
        except BentoMLException as error:
            if error.error_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                return error.error_code.value, error_body(str(error))
            return error.error_code.value, _server_error(context, error)
        except Exception as error:  # noqa: BLE001  whatever it is, it is an error of the service
            return 500, _server_error(context, error)


def _server_error(context: RequestContext, error: Exception) -> bytes:
    logger.error("Exception on %s [POST]", context.path, exc_info=error)
    return error_body("An unexpected error has occurred, please check the server log.")


def can_be_fast(method: APIMethod) -> bool:
    """Whether a method takes a whole body, awaits, and answers at once."""
    plain = not (method.batchable or method.is_stream or method.is_task or method.ctx_param)
    whole_body = getattr(method.input_spec, "__root_input__", False)  # BentoML's own mark
    return plain and whole_body and inspect.iscoroutinefunction(method.func)


def readers(method: APIMethod) -> dict[str, Callable[[bytes], Awaitable[Any]]]:
    """How the body of each media type that a method takes becomes what it is called with."""
    spec = method.input_spec
    validate_json = spec.model_validate_json
    divisible = issubclass(spec, DivisibleList)

    async def read_json_body(body: bytes) -> Any:  # noqa: ANN401  the method's own model
        if divisible and len(body) > LONG:
            spec.check_body(body)  # each part looks only at itself
            return await read_in_parts(body, validate_json)
        return validate_json(body or b"{}")  # as BentoML reads an empty body

    async def read_npy_body(body: bytes) -> Any:  # noqa: ANN401  the method's own model
        return spec.model_validate(read_npy(body))

    every = {JSON: read_json_body, NPY: read_npy_body}
    return {media_type: every[media_type] for media_type in options_of(method.func).media_types}


def error_body(sentence: str) -> bytes:
    """Body of an error, as BentoML words it."""
    return json.dumps({"error": sentence}).encode()


def _findings_body(error: ValidationError) -> bytes:
    findings = error.errors(include_url=False, include_context=False, include_input=False)
    return json.dumps({"error": error.title, "detail": findings}).encode()


async def _read(receive: Receive, most: int) -> bytes | None:
    """Read a request's body; None if the client goes away before its end.

    Raises:
        BentoMLException: as soon as it has more than ``most`` bytes.
    """
    pieces: list[bytes] = []
    length = 0
    while (message := await receive())["type"] == "http.request":
        piece = message.get("body", b"")
        length += len(piece)
        if length > most:
            raise too_large(most)
        pieces.append(piece)
        if not message.get("more_body"):
            return b"".join(pieces)  # of one piece: that piece, not copied
    return None
