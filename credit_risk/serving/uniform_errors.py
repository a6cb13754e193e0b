"""Every error answer in one shape, whichever layer it comes from.

BentoML, Starlette and the traffic limits each answer errors in a form of their own: objects,
lists, plain text. This ASGI middleware stands outside of all of them and rewrites what has a
status of 400 and above into a ``Refusal``. Successful answers pass through untouched.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from credit_risk.refusal import Refusal, refuse

__all__ = ["UniformErrors"]

RETRY_AFTER_SECONDS = b"1"
OVERLOAD = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


class UniformErrors:
    """Rewrites error answers into the uniform shape."""

    def __init__(self, app: ASGIApp, models: Mapping[str, type[BaseModel]]) -> None:
        """Wrap ``app``; ``models`` holds the input model of each path that has named fields."""
        self.app = app
        self._models = models

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        start: Message = {}
        body = bytearray()

        async def rewrite(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] >= 400:  # noqa: PLR2004  first error status
                start = message
            elif not start:
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    await self.refuse(scope, start, bytes(body), send)

        await self.app(scope, receive, rewrite)
        return None

    async def refuse(self, scope: Scope, start: Message, body: bytes, send: Send) -> None:
        """Send an error answer, whose first message and body are in any shape, in ours."""
        status = HTTPStatus(start["status"])
        refusal = as_refusal(status, body, scope, self._models.get(scope["path"]))
        content = refusal.model_dump_json().encode()
        replaced = (b"content-length", b"content-type")
        headers = [(name, value) for name, value in start["headers"] if name not in replaced]
        headers += [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
        ]
        if status in OVERLOAD:
            headers.append((b"retry-after", RETRY_AFTER_SECONDS))
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": content})


def as_refusal(
    status: HTTPStatus, body: bytes, scope: Scope, model: type[BaseModel] | None
) -> Refusal:
    """Put any error answer into the uniform shape.

    Args:
        status: of the answer.
        body: of the answer, JSON or text, from whichever layer.
        scope: of the request, for its method and path.
        model: input model of the path, to say what its fields expect.
    """
    answer = _json_object(body)
    findings = answer.get("detail")
    if findings and "loc" in findings[0]:
        return refuse(findings, model)
    if findings:
        return Refusal.model_validate(answer)
    if "error" in answer:
        return Refusal(error=str(answer["error"]))
    return Refusal(error=_sentence(status, scope))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    if isinstance(answer, list) and answer:
        answer = answer[0]
    return answer if isinstance(answer, dict) else {}


def _sentence(status: HTTPStatus, scope: Scope) -> str:
    path = scope["path"][:100]
    match status:
        case HTTPStatus.NOT_FOUND:
            return f"There is nothing at {path}; GET / shows what there is."
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return f"{path} does not answer {scope['method']}; see the Allow header."
        case _:
            return f"{status.phrase}."
