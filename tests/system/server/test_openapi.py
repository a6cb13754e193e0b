"""The OpenAPI document of the running service, compared with its answers."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from bodies import NPY, npy
from course import CATEGORIES, COLUMNS, COURSE_EXAMPLE, LIMITS, OPTIONAL_FIELDS
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

Json = dict[str, Any]

SCORING = ("/classify", "/classify_batch", "/classify_array")
UNITS = {
    "seniority": "years",
    "time": "months",
    "age": "years",
    **dict.fromkeys(
        ("expenses", "income", "assets", "debt", "amount", "price"),
        "in the monetary unit of the source data",
    ),
}


@pytest.fixture
def document(client: httpx.Client) -> Json:
    document: Json = client.get("/docs.json").json()
    return document


def complaints(document: Json, schema: Json, instance: object) -> list[str]:
    """Errors of ``instance`` under a schema of the document."""
    whole = schema | {"components": document["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(instance)]


def declared(document: Json, answer: httpx.Response) -> Json:
    """The schema that the document declares for an answer."""
    request = answer.request
    operation = document["paths"][request.url.path][request.method.lower()]
    content = operation["responses"][str(answer.status_code)]["content"]
    schema: Json = content[answer.headers["content-type"]]["schema"]
    return schema


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def example_of(document: Json, path: str) -> Any:
    return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]


def test_the_document_is_valid_openapi(document: Json) -> None:
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_the_document_names_every_endpoint(document: Json) -> None:
    cards = {"/model", "/model/report"}
    infrastructure = {"/", "/docs.json", "/metrics", "/livez", "/readyz", "/healthz"}

    assert set(document["paths"]) == {*SCORING, *cards, *infrastructure}


def test_every_operation_declares_the_errors_of_the_connection(document: Json) -> None:
    """Refused before the path is known: not HTTP, too slow, too large."""
    for path, _, operation in operations(document):
        assert {"400", "408", "413", "431"} <= set(operation["responses"]), path


def test_every_operation_has_a_summary_and_a_known_tag(document: Json) -> None:
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}

    for path, _, operation in operations(document):
        assert operation["summary"].endswith("."), path
        assert set(operation["tags"]) <= tags, path
    identifiers = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(identifiers)) == len(identifiers)


def test_every_refusal_has_the_one_shape(document: Json) -> None:
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= HTTPStatus.BAD_REQUEST:
                schema = response["content"]["application/json"]["schema"]

                assert schema == {"$ref": "#/components/schemas/ErrorResponse"}, (path, status)


@pytest.mark.parametrize("path", SCORING)
def test_the_example_scores_and_its_answer_is_as_declared(
    client: httpx.Client, document: Json, path: str
) -> None:
    body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    answer = client.post(path, json=body["example"])

    assert answer.status_code == 200
    assert complaints(document, body["schema"], body["example"]) == []
    assert complaints(document, declared(document, answer), answer.json()) == []


def test_the_batch_example_has_no_bad_row(client: httpx.Client, document: Json) -> None:
    rows = client.post("/classify_batch", json=example_of(document, "/classify_batch")).json()

    assert len(rows) == len(example_of(document, "/classify_batch"))
    assert all("status" in row for row in rows)


def test_the_array_example_is_the_course_example_encoded(
    client: httpx.Client, document: Json
) -> None:
    single = client.post("/classify", json=example_of(document, "/classify")).json()
    array = client.post("/classify_array", json=example_of(document, "/classify_array")).json()

    assert example_of(document, "/classify") == COURSE_EXAMPLE
    assert [len(row) for row in example_of(document, "/classify_array")] == [len(COLUMNS)]
    assert array["default_probability"] == [single["default_probability"]]


def test_the_array_endpoint_takes_the_npy_body_it_declares(
    client: httpx.Client, document: Json
) -> None:
    content = document["paths"]["/classify_array"]["post"]["requestBody"]["content"]
    body = npy(np.array(example_of(document, "/classify_array"), dtype=np.float32))
    answer = client.post("/classify_array", content=body, headers=NPY)

    assert content["application/x-npy"]["schema"] == {"type": "string", "format": "binary"}
    assert answer.status_code == 200
    assert complaints(document, declared(document, answer), answer.json()) == []


def test_the_examples_of_the_schemas_fit_them(document: Json) -> None:
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", []):
            assert complaints(document, schema, example) == [], name


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b'{"seniority": "three"}', "application/json", 400),
        (b"{", "application/json", 400),
        (b"seniority=3", "application/x-www-form-urlencoded", 415),
    ],
    ids=["invalid", "malformed", "form"],
)
@pytest.mark.parametrize("path", SCORING)
def test_a_refused_request_is_answered_as_declared(
    client: httpx.Client, document: Json, path: str, body: bytes, media_type: str, status: int
) -> None:
    answer = client.post(path, content=body, headers={"Content-Type": media_type})

    assert answer.status_code == status
    assert complaints(document, declared(document, answer), answer.json()) == []


@pytest.mark.parametrize("change", [{"age": 17}, {"home": "tent"}, {"income": 99_999_999}])
def test_an_application_against_the_schema_is_refused(
    client: httpx.Client, document: Json, change: Json
) -> None:
    application = COURSE_EXAMPLE | change
    schema = document["components"]["schemas"]["Application"]

    assert complaints(document, schema, application)
    assert client.post("/classify", json=application).status_code == 400


@pytest.mark.parametrize("name", LIMITS)
def test_a_numeric_field_tells_its_unit_and_limits(document: Json, name: str) -> None:
    field = document["components"]["schemas"]["Application"]["properties"][name]
    number = field["anyOf"][0] if name in OPTIONAL_FIELDS else field
    low, high = LIMITS[name]

    assert f", {UNITS[name]}: a number from {low:.0f} to {high:.0f}" in field["description"]
    assert (number["type"], number["minimum"], number["maximum"]) == ("number", low, high)


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_categorical_field_lists_its_words(document: Json, name: str) -> None:
    field = document["components"]["schemas"]["Application"]["properties"][name]

    assert field["enum"] == list(CATEGORIES[name])
    assert all(word in field["description"] for word in field["enum"])


def test_the_model_card_is_as_declared(client: httpx.Client, document: Json) -> None:
    answer = client.get("/model")

    assert declared(document, answer) == {"$ref": "#/components/schemas/ModelCard"}
    assert complaints(document, declared(document, answer), answer.json()) == []


def test_the_document_offers_the_flag(document: Json) -> None:
    for path, usual in (("/classify_batch", True), ("/classify_array", False)):
        flag, _ = document["paths"][path]["post"]["parameters"]
        assert (flag["name"], flag["in"]) == ("reasons", "query")
        assert flag["schema"] == {"type": "boolean", "default": usual}


@pytest.mark.parametrize("path", ["/classify", "/classify_batch", "/classify_array"])
def test_the_document_offers_the_languages(document: Json, path: str) -> None:
    *_, language = document["paths"][path]["post"]["parameters"]

    assert (language["name"], language["in"]) == ("language", "query")
    assert language["schema"] == {"type": "string", "enum": ["en", "es"], "default": "en"}


def test_nothing_of_bentoml_is_left_in_the_document(client: httpx.Client) -> None:
    assert "bento" not in client.get("/docs.json").text.lower()


def test_the_index_page_names_no_other_host(client: httpx.Client) -> None:
    answer = client.get("/")
    hosts = {urlsplit(url).hostname for url in re.findall(r"(?:https?:)?//[\w.-]+", answer.text)}

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert hosts == set()


def test_everything_the_index_page_loads_is_there(client: httpx.Client) -> None:
    loaded = re.findall(r'(?:src|href)="(\./[^"]+)"', client.get("/").text)

    assert len(loaded) == 3
    assert [client.get(path).status_code for path in loaded] == [200, 200, 200]


def test_the_index_page_answers_only_reading(client: httpx.Client) -> None:
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 405
