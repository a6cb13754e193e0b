"""The limit: one ASGI function, served by uvicorn, that does the work and nothing else.

Same validation, encoding, coalescing, model call and serialisation as our service; no routing
table, no metrics, no limits, no errors in a uniform shape.
"""

import io
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from benchmarks.peers.common import coalescer, scorer
from credit_risk.decision import Assessment, AssessmentBatch
from credit_risk.form import Application, ApplicationBatch
from credit_risk.model import EncodedApplications
from lean_bento import collect_garbage_rarely

__all__ = ["app"]

Message = MutableMapping[str, Any]

score = scorer()
submit = coalescer(score).submit
read_application = Application.__pydantic_validator__.validate_json

collect_garbage_rarely()


async def classify(body: bytes) -> BaseModel:
    """Decide on one application."""
    (assessment,) = await submit([read_application(body)])
    return Assessment.model_validate(assessment)


async def classify_batch(body: bytes) -> BaseModel:
    """Decide on many applications; a bad one gets its error in its place."""
    batch = ApplicationBatch.model_validate_json(body)
    return AssessmentBatch.of(batch.in_place(await submit(batch.good_rows())))


async def classify_array(body: bytes) -> BaseModel:
    """Decide on a ``.npy`` file of encoded applications."""
    array = np.load(io.BytesIO(body), allow_pickle=False)
    return await score.assess_rows(EncodedApplications.model_validate(array).root)


WORK = {
    "/classify": classify,
    "/classify_batch": classify_batch,
    "/classify_array": classify_array,
}


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        answer = await WORK[scope["path"]](body)
        status, content = 200, answer.__pydantic_serializer__.to_json(answer)
    except ValidationError as error:
        status, content = 400, error.json(include_input=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
