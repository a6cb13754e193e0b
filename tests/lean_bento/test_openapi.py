"""The document of a service says what it takes and what it answers."""

from typing import Any, Literal

import bentoml
import pytest
from bentoml.exceptions import BentoMLConfigException
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, ConfigDict, Field

from lean_bento import (
    JSON,
    NPY,
    Choice,
    ErrorResponse,
    Flag,
    RowAnswers,
    RowBatch,
    UniqueKeys,
    options,
)
from lean_bento.openapi import document, has_fields, require_key, signature_of

LOUD = Flag("loud", "Whether.", otherwise=True)
ORDER = Choice("order", "Which.", ("rising", "falling"), otherwise="rising")
EXAMPLE = {"petal": 1.5, "colour": "red"}


class Flower(UniqueKeys):
    """A flower."""

    model_config = ConfigDict(strict=True, json_schema_extra={"examples": [EXAMPLE]})

    petal: float = Field(ge=0, description="Length of a petal, cm: a number from 0")
    colour: Literal["red", "blue"] | None = None


class Flowers(RowBatch[Flower]):
    """Many flowers."""


class Kind(BaseModel):
    """The kind of a flower."""

    kind: str


class Kinds(RowAnswers[Kind]):
    """The kind of each flower."""


@bentoml.service(name="iris_garden")
class Garden:
    """Names flowers."""

    @bentoml.api
    @options(query=(LOUD, ORDER), media_types=(JSON, NPY))
    async def name_all(self, flowers: Flowers, /) -> Kinds:
        """Name many flowers.

        In order.
        """
        return Kinds.of([Kind(kind="rose") for _ in flowers.root])

    @bentoml.api
    async def name(self, flower: Flower, /) -> Kind:
        """Name a flower."""
        return Kind(kind=f"{flower.colour} rose")


@pytest.fixture
def found() -> Any:
    return document(
        Garden,  # type: ignore[arg-type]  # the decorator makes it a service
        version="7",
        answers={"/card": Kind},
        pages=["/page/of"],
        headers={"X-Own": "What it means."},
    )


def test_it_is_valid_openapi_and_has_every_path(found: Any) -> None:
    assert list(OpenAPIV31SpecValidator(found).iter_errors()) == []
    assert found["info"] == {
        "title": "Iris garden",
        "version": "7",
        "description": "Names flowers.",
    }
    assert set(found["paths"]) == {
        *("/name", "/name_all", "/card", "/page/of"),
        *("/", "/docs.json", "/livez", "/readyz", "/healthz", "/metrics"),
    }


def test_a_method_is_described_by_its_own_words(found: Any) -> None:
    operation = found["paths"]["/name_all"]["post"]

    assert (operation["summary"], operation["description"]) == ("Name many flowers.", "In order.")
    loud, order = operation["parameters"]
    assert (loud["name"], loud["schema"]["default"]) == ("loud", True)
    assert (order["name"], order["in"], order["description"]) == ("order", "query", "Which.")
    assert order["schema"] == {
        "type": "string",
        "enum": ["rising", "falling"],
        "default": "rising",
    }
    assert set(operation["requestBody"]["content"]) == {JSON, NPY}
    assert operation["responses"]["200"]["headers"]["X-Own"]["description"] == "What it means."


def test_every_error_is_an_error_response_with_its_headers(found: Any) -> None:
    for path, methods in found["paths"].items():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    schema = response["content"][JSON]["schema"]
                    assert schema == {"$ref": "#/components/schemas/ErrorResponse"}, path
                assert ("Retry-After" in response.get("headers", {})) == (status in {"429", "503"})
                assert ("Allow" in response.get("headers", {})) == (status == "405")


def test_the_example_of_an_error_is_of_this_service(found: Any) -> None:
    (example,) = found["components"]["schemas"]["ErrorResponse"]["examples"]
    error = ErrorResponse.model_validate(example)

    assert error.error == "The request is not valid: see petal."
    assert error.detail[0].expected == Flower.model_fields["petal"].description


def test_a_key_is_wanted_by_all_but_the_open_paths(found: Any) -> None:
    with_keys = require_key(found, {"/livez"})

    assert list(OpenAPIV31SpecValidator(with_keys).iter_errors()) == []
    assert with_keys["security"] == [{"key": []}]
    for path, methods in with_keys["paths"].items():
        for operation in methods.values():
            is_open = path == "/livez"
            assert operation.get("security") == ([] if is_open else None)
            assert ({"401", "403"} <= operation["responses"].keys()) is not is_open
            assert is_open or "WWW-Authenticate" in operation["responses"]["401"]["headers"]


def test_the_models_of_a_method_are_those_of_its_signature() -> None:
    def method(flower: Flower, /) -> Kind: ...  # type: ignore[empty-body]

    assert signature_of(method) == (Flower, Kind)


def nothing() -> Kind: ...  # type: ignore[empty-body]
def two(a: Flower, b: int) -> Kind: ...  # type: ignore[empty-body]
def no_answer(a: Flower): ...  # type: ignore[no-untyped-def]


@pytest.mark.parametrize("method", [nothing, two, no_answer])
def test_any_other_signature_is_refused_in_a_sentence(method: Any) -> None:
    said = rf"found {method.__name__} with .*, expected one parameter and an answer"

    with pytest.raises(BentoMLConfigException, match=said):
        signature_of(method)


def test_a_model_of_an_object_has_fields() -> None:
    assert [has_fields(each) for each in (Flower, Flowers, dict)] == [True, False, False]
