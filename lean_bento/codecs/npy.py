"""Bodies that are ``.npy`` files, for BentoML.

BentoML picks a *serde* by the request's media type; this one reads NumPy's own file format. It
answers an array with one, and everything else in JSON. The header is a stranger's word: NumPy makes
an array of the size that it claims before it looks for the values, reads archives and Python 2's
headers too, and fails in a dozen ways. Here the size is compared with what is there before anything
is made of it.
"""

import ast
import io
import math
import re
import warnings
from typing import Any, Final, TypeVar

import numpy as np
from bentoml.exceptions import InvalidArgument
from numpy.typing import NDArray
from pydantic import BaseModel
from starlette.requests import Request

from lean_bento.bentoml_internals import ALL_SERDE, JSONSerde, Payload

__all__ = ["JSON", "NPY", "NpySerde", "read_npy", "write_npy"]

Model = TypeVar("Model", bound=BaseModel)

JSON: Final = "application/json"
NPY: Final = "application/x-npy"

MAGIC: Final = b"\x93NUMPY"
LENGTH_BYTES: Final = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}
"""Of the header's length, by version of the format."""

LONGEST_HEADER: Final = 1_000
"""Bytes; NumPy writes 118 for plain numbers."""

NUMBERS: Final = re.compile("[<>|=][biufc][0-9]{1,2}")
"""How a header names truths, whole, real and complex numbers of a byte order and a size."""


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
        header, start = _header(body)
        return _array(header, memoryview(body)[start:])
    except ValueError as error:
        msg = f"The body is not a .npy file of plain numbers: {error}."
        raise InvalidArgument(msg) from None


def _header(body: bytes) -> tuple[object, int]:
    """What the header says, and where the values begin."""
    rest = len(MAGIC) + 2
    digits = LENGTH_BYTES.get(body[len(MAGIC) : rest])
    if not body.startswith(MAGIC) or digits is None:
        msg = "it does not begin as one of version 1, 2 or 3 does"
        raise ValueError(msg)
    start = rest + digits
    length = int.from_bytes(body[rest:start], "little")
    if length > LONGEST_HEADER or start + length > len(body):
        msg = f"found {len(body)} bytes and a header of {length}, at most {LONGEST_HEADER} expected"
        raise ValueError(msg)
    text = body[start : start + length].decode("latin-1").strip()
    try:
        with warnings.catch_warnings(action="ignore"):  # of odd literals, into the log
            return ast.literal_eval(text), start + length
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        msg = "its header is not a Python literal"
        raise ValueError(msg) from None


def _array(header: object, values: memoryview) -> NDArray[Any]:
    """The values as the header says that they are to be read."""
    match header:
        case {"descr": str(kind), "fortran_order": bool(by_column), "shape": tuple(shape), **more}:
            fits = not more and NUMBERS.fullmatch(kind)
        case _:
            fits = None
    if not fits or not all(type(length) is int and length >= 0 for length in shape):
        msg = "its header does not describe an array of numbers"
        raise ValueError(msg)
    try:
        dtype = np.dtype(kind)
    except TypeError:
        msg = f"there are no numbers of kind {kind}"
        raise ValueError(msg) from None
    expected = math.prod(shape) * dtype.itemsize
    if expected != len(values):
        msg = f"found {len(values)} bytes of values, expected as many as its shape says"
        raise ValueError(msg)
    # Copied, because a header of an odd length leaves the values where XGBoost does not read.
    return np.ndarray(shape, dtype, values, order="F" if by_column else "C").copy()


def write_npy(array: NDArray[Any]) -> bytes:
    """Write a ``.npy`` file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


ALL_SERDE[NPY] = NpySerde
