"""The encoding of JSON: UTF-8, with or without the byte order mark that some programs put in front.

PowerShell and spreadsheets also write UTF-16. A parser calls that invalid JSON; here it is refused
by its name.
"""

from codecs import BOM_UTF8
from json import detect_encoding
from typing import TypeVar

from bentoml.exceptions import InvalidArgument
from pydantic import BaseModel, ValidationError

from lean_bento.bentoml_internals import JSONSerde, Payload

Model = TypeVar("Model", bound=BaseModel)


def check_encoding(body: bytes, error: ValidationError) -> None:
    """Look at a body that a model has refused with an error.

    Raises:
        InvalidArgument: if it is JSON in UTF-16 or UTF-32.
    """
    name = detect_encoding(body)
    if name.startswith("utf-8") or error.errors(include_input=False)[0]["type"] != "json_invalid":
        return
    if body.decode(name, "replace").strip("\ufeff \t\r\n")[:1] in '{["':
        found = name[: len("utf-16")].upper()
        msg = f"The body is JSON in {found}, expected UTF-8: write or send it in that encoding."
        raise InvalidArgument(msg)


class MarkedJSONSerde(JSONSerde):
    """Reads JSON on BentoML's own path."""

    def deserialize_model(self, payload: Payload, cls: type[Model]) -> Model:
        """Read a body.

        Raises:
            ValidationError: if the model refuses it.
            InvalidArgument: if it is in another encoding than UTF-8.
        """
        body = b"".join(payload.data).removeprefix(BOM_UTF8)
        try:
            found: Model = super().deserialize_model(Payload((body,)), cls)
        except ValidationError as error:
            check_encoding(body, error)
            raise
        return found
