"""Bodies that are ``.npy`` files, for BentoML.

BentoML picks a *serde* by the request's media type; this one reads NumPy's own file format. It
answers an array with one, and everything else in JSON. NumPy reads the header; the values are read
here, since NumPy makes an array of the size that a header claims before it looks for them. Here
that size is compared with the body first.
"""

import io
import math
import warnings
from typing import Any, Final, TypeVar

import numpy as np
from bentoml.exceptions import InvalidArgument
from numpy.lib import format as npy_format
from numpy.typing import NDArray
from pydantic import BaseModel
from starlette.requests import Request

from lean_bento.bentoml_internals import ALL_SERDE, JSONSerde, Payload

Model = TypeVar("Model", bound=BaseModel)

JSON: Final = "application/json"
NPY: Final = "application/x-npy"

READ_HEADER: Final = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
    (3, 0): npy_format.read_array_header_2_0,  # they differ in the names of columns only
}
"""By version of the format."""

MAX_HEADER: Final = 1_000
"""Characters; NumPy writes 118 for plain numbers."""

NUMBERS: Final = "biufc"
"""Kinds of NumPy's types: truth values, whole, real and complex numbers."""


class NpySerde(JSONSerde):
    """Reads a ``.npy`` body into an array, which the method's own model then checks."""

    media_type = NPY

    async def parse_request(self, request: Request, cls: type[Model]) -> Model:
        """Read the body, see ``read_npy``."""
        return cls.model_validate(read_npy(await request.body()))

    def serialize_model(self, model: BaseModel) -> Payload:
        """Write an array as a ``.npy`` file."""
        array = getattr(model, "root", None)  # BentoML's own models with a root are no RootModel
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
        return _read(body)
    except ValueError as error:
        msg = f"The body is not a .npy file of plain numbers: {error}."
        raise InvalidArgument(msg) from None


def _read(body: bytes) -> NDArray[Any]:
    file = io.BytesIO(body)
    try:
        read_header = READ_HEADER[npy_format.read_magic(file)]
    except (ValueError, KeyError):
        msg = "it does not begin as one of version 1, 2 or 3 does"
        raise ValueError(msg) from None
    try:
        # What NumPy or Python warns of is refused: headers of Python 2, odd literals.
        with warnings.catch_warnings(action="error"):
            shape, by_column, dtype = read_header(file, max_header_size=MAX_HEADER)
    except Exception:  # noqa: BLE001  a hostile header fails in a dozen ways
        msg = "its header cannot be read"
        raise ValueError(msg) from None
    if dtype.kind not in NUMBERS or not all(type(n) is int and n >= 0 for n in shape):
        msg = "its header does not describe an array of numbers"
        raise ValueError(msg)
    values = memoryview(body)[file.tell() :]
    if math.prod(shape) * dtype.itemsize != len(values):
        msg = f"found {len(values)} bytes of values, expected as many as its shape says"
        raise ValueError(msg)
    # Copied, because a header of an odd length leaves the values where XGBoost does not read.
    return np.ndarray(shape, dtype, values, order="F" if by_column else "C").copy()


def write_npy(array: NDArray[Any]) -> bytes:
    """Write a ``.npy`` file."""
    file = io.BytesIO()
    npy_format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


ALL_SERDE[NPY] = NpySerde
