"""Calls of a service that this one depends on, in this worker or in a process of its own.

BentoML's client speaks pickle to a process of its own: whoever answers at its address would run
code here. Arrays go there and back as ``.npy`` files instead. A service that does not answer is no
error of the request: the client gets 503 and may try again.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import aiohttp
from bentoml.exceptions import BentoMLException, ServiceUnavailable

from lean_bento.bentoml_internals import APIMethod, RemoteProxy
from lean_bento.codecs.npy import NPY

UNREACHABLE = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
RETRY_LATER = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}

Call = Callable[[Any], Awaitable[Any]]
"""An array in, an array out; raises ServiceUnavailable if the service is away or too busy."""


def dependency_call(dependency: Any, name: str) -> Call:  # noqa: ANN401  an instance, or BentoML's stand-in for one
    """Make an ``async`` API method of ``bentoml.depends(...)`` callable, wherever it runs.

    In this worker that is the method itself.

    Raises:
        TypeError: if the method is not ``async``.
    """
    if isinstance(dependency, RemoteProxy):
        return _remote_call(dependency, name)
    method: APIMethod = getattr(type(dependency), name)
    if not inspect.iscoroutinefunction(method.func):
        msg = f"found the method {name}, expected an async one"
        raise TypeError(msg)
    call: Call = method.func.__get__(dependency)  # without BentoML's wrapper
    return call


def _remote_call(dependency: RemoteProxy, name: str) -> Call:
    client = dependency.to_async
    client.media_type = NPY  # read at each call, and once for the serde at the first

    async def call(array: Any) -> Any:  # noqa: ANN401  BentoML's untyped methods
        try:
            return await client.call(name, array)
        except UNREACHABLE as error:
            msg = f"the runner does not answer: {error}"
            raise ServiceUnavailable(msg) from None
        except BentoMLException as error:
            msg = f"the runner did not answer with an array: {error}"
            kind = ServiceUnavailable if error.error_code in RETRY_LATER else RuntimeError
            raise kind(msg) from None
        except ValueError as error:
            msg = f"the runner did not answer with an array: {error}"
            raise RuntimeError(msg) from None

    return call
