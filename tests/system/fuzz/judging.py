"""Rules that every answer must keep, whatever the request."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from fuzz.wire import HANG, Request
from raw_http import Answer

MAX_ECHO = 100
"""Characters of a request that may stand in an answer in one piece."""
FIELDS = {"field", "message", "expected"}
OVERLOAD = 429


def complaints(request: Request, answer: Answer | None) -> list[str]:
    """Faults of an answer; none if all is well."""
    return list(_complaints(request, answer))


def _complaints(request: Request, answer: Answer | None) -> Iterator[str]:
    if answer is None:
        yield "there was no answer"
        return
    if answer.status >= 500 or answer.status == OVERLOAD:
        yield f"status {answer.status}"
    if request.status not in {None, answer.status}:
        yield f"status {answer.status} instead of {request.status}"
    if answer.seconds > HANG:
        yield f"it took {answer.seconds:.1f} s"
    if answer.status >= 400 and request.method != b"HEAD":
        yield from _oddities(answer)
    if piece := echo(request, answer):
        yield f"it repeats more than {MAX_ECHO} characters of the request: {piece!r}"


def _oddities(answer: Answer) -> Iterator[str]:
    """How an error differs from the one shape."""
    if (media_type := answer.headers.get("content-type")) != "application/json":
        yield f"an error is {media_type}"
    try:
        refusal = json.loads(answer.body)
        is_refusal = (
            set(refusal) == {"error", "detail"}
            and isinstance(refusal["error"], str)
            and refusal["error"].endswith(".")
            and all(_is_problem(problem) for problem in refusal["detail"])
        )
    except (ValueError, TypeError):
        is_refusal = False
    if not is_refusal:
        yield f"an error is not of the one shape: {answer.body[:200]!r}"


def _is_problem(problem: dict[str, Any]) -> bool:
    return set(problem) == FIELDS and all(isinstance(v, str | None) for v in problem.values())


def echo(request: Request, answer: Answer) -> str:
    """A piece of a request in its answer that is longer than allowed; empty if there is none."""
    said = _texts(answer.body, between="\x01")
    values = (value for _, value in request.headers)
    sent = _texts(request.target, request.body, *values, between="\x02")
    sent |= {unquote(text) for text in sent} | {unquote(text, "latin-1") for text in sent}
    return next(
        (piece for text in sent for reply in said if (piece := _shared(text, reply))),
        "",
    )


def _texts(*pieces: bytes, between: str) -> set[str]:
    """The texts in each piece if it is JSON; otherwise the piece as it may be read."""
    texts = set()
    for piece in pieces:
        try:
            texts.add(between.join(_strings(json.loads(piece))))
        except (ValueError, RecursionError):
            texts |= {piece.decode("latin-1"), piece.decode("utf-8", "replace")}
    return {text for text in texts if len(text) > MAX_ECHO}


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, each in value.items():
                yield name
                yield from _strings(each)
        case list():
            for each in value:
                yield from _strings(each)


def _shared(text: str, reply: str) -> str:
    """A piece of more than ``MAX_ECHO`` characters that both have."""
    pieces = set(_pieces(reply))
    return next((piece for piece in _pieces(text) if piece in pieces), "") if pieces else ""


def _pieces(text: str) -> Iterator[str]:
    size = MAX_ECHO + 1
    return (text[start : start + size] for start in range(len(text) - size + 1))
