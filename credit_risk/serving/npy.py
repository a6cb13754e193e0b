"""Bodies that are ``.npy`` files, for BentoML.

BentoML picks a *serde* by the request's media type; this one reads NumPy's own file format. It
answers an array with one, and everything else in JSON. Pickled objects inside such a file are
never read.
"""

import io
from typing import Any, Final, TypeVar

import numpy as np
from bentoml.exceptions import InvalidArgument
from numpy.typing import NDArray
from pydantic import BaseModel
from starlette.requests import Request

from credit_risk.refusal import MAX_ECHO
from credit_risk.serving.internals import ALL_SERDE, JSONSerde, Payload

__all__ = ["NPY", "NpySerde", "read_npy", "write_npy"]

Model = TypeVar("Model", bound=BaseModel)

NPY: Final = "application/x-npy"


class NpySerde(JSONSerde):
    """Reads a ``.npy`` body into an array, which the method's own model then checks."""

    media_type = NPY

    async def parse_request(self, request: Request, cls: type[Model]) -> Model:
        """Read the body, see ``read_npy``."""
        return cls.model_validate(read_npy(await request.body()))

    def serialize_model(self, model: BaseModel) -> Payload:
        """Write an array as a ``.npy`` file."""
        array = getattr(model, "root", None)
        if isinstance(array, np.ndarray):
            return Payload((write_npy(array),))
        return super().serialize_model(model)

    def deserialize_model(self, payload: Payload, cls: type[Model]) -> Model:
        """Read the answer of another service."""
        return cls.model_validate(read_npy(b"".join(payload.data)))


def read_npy(body: bytes) -> NDArray[Any]:
    """Read a ``.npy`` file.

    Raises:
        InvalidArgument: if it is not a ``.npy`` file of plain numbers.
    """
    try:
        array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(body), allow_pickle=False)
    except Exception as error:  # noqa: BLE001  NumPy does not say what it raises: a header is an expression
        found = str(error).partition(":")[0][:MAX_ECHO]  # what follows may be the header itself
        msg = f"The body is not a .npy file of plain numbers: {found}."
        raise InvalidArgument(msg) from None
    return array


def write_npy(array: NDArray[Any]) -> bytes:
    """Write a ``.npy`` file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


ALL_SERDE[NPY] = NpySerde
