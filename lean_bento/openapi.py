"""The OpenAPI 3.1 document of a service, from its methods' own annotations.

BentoML's generator writes pydantic's 3.1 schemas into a 3.0 document and leaves out media types,
errors and every GET. This one describes every request and every answer.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from inspect import getdoc
from types import MappingProxyType
from typing import Any, get_type_hints

from bentoml import Service
from bentoml.exceptions import BentoMLConfigException
from pydantic import BaseModel, RootModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from lean_bento.codecs.npy import JSON
from lean_bento.codecs.tables import CSV
from lean_bento.endpoint_options import options_of
from lean_bento.error_response import ErrorResponse, explain_findings

REFUSALS = {
    400: "Not HTTP, or the query or the body is not valid; every wrong field is named.",
    401: "No API key, or one that is not known.",
    403: "The API key has expired.",
    404: "There is nothing here.",
    405: "Not by this method; the Allow header names those that are.",
    408: "The request did not come in time.",
    413: "The body or its number of rows exceeds the limit.",
    415: "The body is of a media type that this endpoint does not take, or is compressed.",
    429: "More requests at once than this worker takes; try again.",
    431: "The address and the headers are too large.",
    500: "An error of the service; the server's log has it under the id in the answer.",
    503: "Not ready, too busy or without its runner; try again.",
    504: "Not answered in time.",
}
OF_PROBES = (400, 405, 408, 413, 431, 500)
WITHOUT_BODY = (*OF_PROBES, 429, 503, 504)
WITH_BODY = (415, *WITHOUT_BODY)
ALLOW = {"description": "The methods.", "schema": {"type": "string"}}
RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
TAGS = {"Service": "The purpose of this service.", "Operation": "Probes, metrics and documents."}
TEXT = "text/plain"
OPERATION: dict[str, tuple[str, str, str, tuple[int, ...]]] = {
    "/": ("index", "A page to try the service on.", "text/html", WITHOUT_BODY),
    "/docs.json": ("docs", "This document.", JSON, WITHOUT_BODY),
    "/livez": ("livez", "The process is alive.", TEXT, OF_PROBES),
    "/readyz": ("readyz", "The service can answer.", TEXT, (*OF_PROBES, 503, 504)),
    "/healthz": ("healthz", "The same as /livez.", TEXT, OF_PROBES),
    "/metrics": ("metrics", "Prometheus metrics.", TEXT, (*OF_PROBES, 504)),
}
"""GET requests of every service: name, summary, media type and errors, by path."""
BEARER = {"type": "http", "scheme": "bearer", "description": "An API key."}
CHALLENGE = {"description": "How to send the key.", "schema": {"type": "string"}}
REF = "#/components/schemas/{model}"

Json = dict[str, Any]


class _AsWritten(GenerateJsonSchema):
    """Keeps the fields of examples in their order; pydantic sorts them by name."""

    def sort(self, value: Any, parent_key: str | None = None) -> Any:  # noqa: ANN401, ARG002  pydantic's signature
        return value


def signature_of(function: Any) -> tuple[type[BaseModel], type[BaseModel]]:  # noqa: ANN401  BentoML's APIMethod.func
    """Return the input and the output model of an API method.

    Raises:
        BentoMLConfigException: if it has not one parameter and an answer, both annotated.
    """
    hints = get_type_hints(function)
    if len(hints) != 2 or "return" not in hints:  # noqa: PLR2004  the parameter and the answer
        found = ", ".join(hints) or "nothing"
        msg = f"found {function.__qualname__} with {found}, expected one parameter and an answer"
        raise BentoMLConfigException(msg)
    answer = hints.pop("return")
    return hints.popitem()[1], answer


def has_fields(model: type) -> bool:
    """Whether a type is a model of a JSON object with named fields."""
    return issubclass(model, BaseModel) and not issubclass(model, RootModel)


def document(
    service: Service[Any],
    *,
    version: str,
    answers: Mapping[str, type[BaseModel]],
    pages: Iterable[str] = (),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Json:
    """Describe a service.

    Args:
        service: its ``@bentoml.api`` methods take one positional-only model each.
        version: of the service.
        answers: answer model of each path that answers GET with JSON.
        pages: paths that answer GET with HTML.
        headers: of every answer of success to a POST, each with its meaning.
    """
    methods = {m.route: (m.func, *signature_of(m.func)) for m in service.apis.values()}
    inputs = {body for _, body, _ in methods.values()}
    outputs = (
        {answer for _, _, answer in methods.values()} | set(answers.values()) | {ErrorResponse}
    )
    ordered: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((m, "validation") for m in inputs),
        *((m, "serialization") for m in outputs),
    ]
    ordered.sort(key=lambda pair: pair[0].__name__)
    _, definitions = models_json_schema(ordered, ref_template=REF, schema_generator=_AsWritten)
    schemas = definitions["$defs"]
    _add_error_example(schemas, (body for _, body, _ in methods.values()))
    title = service.name.replace("_", " ").capitalize()
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": getdoc(service.inner) or ""},
        "servers": [{"url": "."}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {
            **{
                route: {"post": _post(function, body, answer, schemas, headers)}
                for route, (function, body, answer) in methods.items()
            },
            **{path: {"get": _get(path, answer)} for path, answer in answers.items()},
            **{path: {"get": _page(path)} for path in pages},
            **{path: {"get": _operation(*about)} for path, about in OPERATION.items()},
        },
        "components": {"schemas": schemas},
    }


def _add_error_example(schemas: Json, inputs: Iterable[type[BaseModel]]) -> None:
    """Make the example of an error: that of the first model's own example without a field."""
    for model in filter(has_fields, inputs):
        (example,) = schemas[model.__name__].get("examples", [{}])[:1]
        required = [name for name, field in model.model_fields.items() if field.is_required()]
        body = {name: value for name, value in example.items() if name not in required[:1]}
        try:
            model.model_validate_json(json.dumps(body))
        except ValidationError as error:
            response = explain_findings(error.errors(), model)
            schemas[ErrorResponse.__name__]["examples"] = [response.model_dump()]
            return


def require_key(document: Json, open_paths: Collection[str]) -> Json:
    """Declare that every path but the open ones needs an API key."""
    refusals = _refusals((401, 403))
    refusals["401"]["headers"] = {"WWW-Authenticate": CHALLENGE}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if path in open_paths:
                operation["security"] = []
            else:
                operation["responses"] |= refusals
    document["components"]["securitySchemes"] = {"key": BEARER}
    return document | {"security": [{"key": []}]}


def _post(
    function: Any,  # noqa: ANN401  see above
    body: type[BaseModel],
    answer: type[BaseModel],
    schemas: Json,
    headers: Mapping[str, str],
) -> Json:
    summary, _, description = (getdoc(function) or "").partition("\n")
    content: Json = {JSON: {"schema": _ref(body)}}
    if examples := schemas[body.__name__].get("examples"):
        content[JSON]["example"] = examples[0]
    answered = _json(_summary(answer), answer)
    for media_type in options_of(function).media_types:
        if media_type == CSV:
            content[CSV] = answered["content"][CSV] = {"schema": {"type": "string"}}
        content.setdefault(media_type, {"schema": {"type": "string", "format": "binary"}})
    if headers:
        answered["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in headers.items()
        }
    return {
        "operationId": function.__name__,
        "summary": summary,
        "description": description.strip(),
        "tags": ["Service"],
        "parameters": [
            {
                "name": parameter.name,
                "in": "query",
                "description": parameter.description,
                "schema": parameter.schema,
            }
            for parameter in options_of(function).query
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": answered, **_refusals(WITH_BODY)},
    }


def _get(path: str, answer: type[BaseModel]) -> Json:
    return {
        "operationId": path.strip("/"),
        "summary": _summary(answer),
        "tags": ["Service"],
        "responses": {"200": _json(_summary(answer), answer), **_refusals(WITHOUT_BODY)},
    }


def _page(path: str) -> Json:
    text = "A page to read in a browser."
    content = {"text/html": {"schema": {"type": "string"}}}
    return {
        "operationId": path.strip("/").replace("/", "_"),
        "summary": text,
        "tags": ["Service"],
        "responses": {
            "200": {"description": text, "content": content},
            **_refusals((404, *WITHOUT_BODY)),
        },
    }


def _operation(name: str, text: str, media_type: str, refusals: tuple[int, ...]) -> Json:
    content = {media_type: {"schema": {"type": "object" if media_type == JSON else "string"}}}
    return {
        "operationId": name,
        "summary": text,
        "tags": ["Operation"],
        "responses": {"200": {"description": text, "content": content}, **_refusals(refusals)},
    }


def _refusals(statuses: Iterable[int]) -> Json:
    refusals = {str(status): _json(REFUSALS[status], ErrorResponse) for status in sorted(statuses)}
    for status in {"429", "503"} & refusals.keys():
        refusals[status]["headers"] = {"Retry-After": RETRY_AFTER}
    if "405" in refusals:
        refusals["405"]["headers"] = {"Allow": ALLOW}
    return refusals


def _json(text: str, model: type[BaseModel]) -> Json:
    return {"description": text, "content": {JSON: {"schema": _ref(model)}}}


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": REF.format(model=model.__name__)}


def _summary(model: type[BaseModel]) -> str:
    return (getdoc(model) or "").partition("\n")[0]
