"""The limit: one ASGI function, served by uvicorn, that does the work and nothing else.

Same validation, encoding, coalescing, model call and serialisation as our service; no routing
table, no metrics, no limits, no errors in a uniform shape.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pydantic import ValidationError

from benchmarks.peers.common import Application, coalescer, scorer
from credit_risk.decision import Assessment
from lean_bento import collect_garbage_rarely

Message = MutableMapping[str, Any]

submit = coalescer(scorer()).submit
read_application = Application.__pydantic_validator__.validate_json

collect_garbage_rarely()


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Decide on one application, whatever the path."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        (assessment,) = await submit([read_application(body)])
        answer = Assessment.model_validate(assessment)
        status, content = 200, answer.__pydantic_serializer__.to_json(answer)
    except ValidationError as error:
        status, content = 400, error.json(include_input=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
