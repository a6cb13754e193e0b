"""Keys that a JSON object has more than once.

Parsers, pydantic's among them, keep one value and drop the others silently. Two programs that read
the same request could then see two different values.
"""

import json
from collections.abc import Iterable
from typing import Any, Final, Self

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

DUPLICATE: Final = PydanticCustomError("repeated", "This field stands there more than once")


def duplicate_keys(document: bytes) -> Any:  # noqa: ANN401  of the shape of the document
    """Read valid JSON; in place of each object stands the list of its duplicate keys."""
    return json.loads(
        document.decode(),
        object_pairs_hook=_duplicates,
        # A number may be longer than Python is willing to convert.
        parse_int=str,
        parse_float=str,
    )


def _duplicates(pairs: list[tuple[str, Any]]) -> list[str]:
    seen: set[str] = set()
    again = {}
    for key, _ in pairs:
        if key in seen:
            again[key] = True
        seen.add(key)
    return list(again)


class UniqueKeys(BaseModel):
    """A model without nested objects whose JSON may have each key once."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:  # type: ignore[override]  # the rest of pydantic's arguments would cost more than the check
        """Validate JSON in which no key stands twice.

        Raises:
            ValidationError: names every wrong field.
        """
        body = json_data.encode() if isinstance(json_data, str) else json_data
        found: Self = cls.__pydantic_validator__.validate_json(body)
        # Each colon belongs to one field, unless a text has one: only then is it read again.
        if body.count(b":") != len(found.__pydantic_fields_set__) and (
            names := duplicate_keys(body)
        ):
            raise cls.duplicates(names)
        return found

    @classmethod
    def duplicates(cls, names: Iterable[str]) -> ValidationError:
        """Make the error that says which fields stand in a row more than once."""
        findings = [InitErrorDetails(type=DUPLICATE, loc=(name,), input=None) for name in names]
        return ValidationError.from_exception_data(cls.__name__, findings)
