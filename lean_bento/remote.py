"""Calls of a runner that is a service of its own.

BentoML's client speaks pickle to it: whoever answers at the runner's address would run code in
the classifier. Here arrays go there and back as ``.npy`` files. A runner that does not answer is
no fault of the request: the client hears 503 and may try again. Knows nothing of credit.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import aiohttp
import numpy as np
from bentoml.exceptions import BentoMLException, ServiceUnavailable
from numpy.typing import NDArray

from lean_bento.bentoml_internals import RemoteProxy
from lean_bento.codecs.npy import NPY

__all__ = ["remote_call"]

Array = NDArray[np.float32]
AWAY = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


def remote_call(runner: RemoteProxy, name: str) -> Callable[[Array], Awaitable[Any]]:
    """Make a method of a remote runner callable with an array.

    The call raises ServiceUnavailable if the runner is away or too busy.
    """
    client = runner.to_async
    client.media_type = NPY  # read at each call, and once for the serde at the first

    async def call(rows: Array) -> Any:  # noqa: ANN401  BentoML's untyped methods
        try:
            return await client.call(name, rows)
        except AWAY as error:
            msg = f"the runner does not answer: {error}"
            raise ServiceUnavailable(msg) from None
        except (BentoMLException, ValueError) as error:
            status = getattr(error, "error_code", None)
            msg = f"the runner did not answer with an array: {error}"
            raise (ServiceUnavailable if status in BUSY else RuntimeError)(msg) from None

    return call
