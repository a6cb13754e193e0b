"""Request bodies that are ``.npy`` files, for BentoML.

BentoML picks a *serde* by the request's media type; this one reads NumPy's own file format
and answers in JSON. Pickled objects inside such a file are never read.
"""

import io
from typing import Any, Final, TypeVar

import numpy as np
from bentoml.exceptions import InvalidArgument
from numpy.typing import NDArray
from pydantic import BaseModel
from starlette.requests import Request

from credit_risk.serving.internals import ALL_SERDE, JSONSerde

__all__ = ["NPY", "NpySerde", "read_npy"]

Model = TypeVar("Model", bound=BaseModel)

NPY: Final = "application/x-npy"


class NpySerde(JSONSerde):
    """Reads a ``.npy`` body into an array, which the method's own model then checks."""

    media_type = NPY

    async def parse_request(self, request: Request, cls: type[Model]) -> Model:
        """Read the body, see ``read_npy``."""
        return cls.model_validate(read_npy(await request.body()))


def read_npy(body: bytes) -> NDArray[Any]:
    """Read a ``.npy`` file.

    Raises:
        InvalidArgument: if it is not a ``.npy`` file of plain numbers.
    """
    try:
        array: NDArray[Any] = np.load(io.BytesIO(body), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        msg = f"The body is not a .npy file of plain numbers: {error}"
        raise InvalidArgument(msg) from None
    return array


ALL_SERDE[NPY] = NpySerde
