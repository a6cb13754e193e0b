"""What a ``.npy`` body claims is compared with what is there; mostly found by fuzzing."""

import io
import pickle
import struct
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from bentoml.exceptions import InvalidArgument
from pydantic import BaseModel

from lean_bento.bentoml_internals import IODescriptor, Payload
from lean_bento.codecs.npy import NpySerde, read_npy

ROW = np.arange(29, dtype=np.float32).reshape(1, 29)
GIGABYTE = 250_000_000
"""Float32 numbers."""


def npy(header: str | bytes, values: bytes = ROW.tobytes(), version: int = 1) -> bytes:
    """A file with a header of one's own."""
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + values


def header(descr: object = "<f4", order: object = False, shape: object = (1, 29)) -> str:  # noqa: FBT002  NumPy's own word for an order
    return f"{{'descr': {descr!r}, 'fortran_order': {order!r}, 'shape': {shape!r}, }}\n"


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        ROW,
        ROW.astype(">f4"),
        np.asfortranarray(np.vstack([ROW, ROW + 1])),
        ROW.astype(np.float64),
        ROW.astype(np.int8),
        ROW > 3,
        ROW.astype(np.complex64),
        ROW[:0],
        np.float32(3),
    ],
    ids=str,
)
def test_what_numpy_saves_is_read(array: np.ndarray) -> None:
    found = read_npy(saved(array))

    assert found.dtype == np.asarray(array).dtype
    assert found.shape == np.shape(array)
    assert (found == array).all()


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_of_the_format_is_read(version: int) -> None:
    assert (read_npy(npy(header(), version=version)) == ROW).all()


@pytest.mark.parametrize("spaces", range(4))
def test_values_that_begin_at_an_odd_place_are_moved(spaces: int) -> None:
    found = read_npy(npy(header().strip() + " " * spaces))

    assert found.flags.aligned
    assert (found == ROW).all()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00",
        b"\x93NUMPY\x01\x00\xff",
        b"\x93NUMPY\x01\x00\xff\xff{}",
        npy(header(), version=9),
        npy(header("|O")),
        npy(header([("a", "<f4")])),
        npy(header("<M8[ns]")),
        npy(header("|V0")),
        npy(header("<f3")),
        npy(header("<f٤")),
        npy(header(1.5)),
        npy(header(order="no")),
        npy(header(order=0)),
        npy(header(shape=29)),
        npy(header(shape=[1, 29])),
        npy(header(shape=(True, 29))),
        npy(header(shape=(-1, 29))),
        npy(header(shape=(-1, -29))),
        npy(header(shape=(1.0, 29))),
        npy(header(shape=(2, 29))),
        npy(header(shape=(10**30, 29))),
        npy(header(shape=(0, 10**30)), b""),
        npy(header(shape=(0, 2**62, 29)), b""),
        npy(header(shape=(1,) * 70 + (29,))),
        npy(header(shape=(9**500, 29))),
        npy(header().replace("'shape'", "'shapes'")),
        npy(header().replace("}", "'more': 1}")),
        npy(header().replace("29", "29L")),
        npy(header().replace("29", "2 ** 9")),
        npy("{'descr': '<f4'}"),
        npy("{[]: 1}"),
        npy("{1: 2, 'a': 3}"),
        npy("'''"),
        npy("(" * 900),
        npy("-" * 900 + "1"),
        npy(" " * 1_000 + header()),
        npy("("),
        npy(b"\x00"),
        npy(b"\xff\xfe", version=3),
        npy(header())[:-1],
        npy(header()) + b"0",
        pickle.dumps({}),
        b"[[1, 2]]",
    ],
    ids=range(45),
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidArgument, match=r"not a \.npy file of plain numbers: .{0,150}\.$"):
        read_npy(body)


def test_an_archive_is_not_opened() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arr_0.npy", bytes(10_000_000))

    with pytest.raises(InvalidArgument, match="does not begin"):
        read_npy(file.getvalue())


@pytest.mark.parametrize("shape", [(GIGABYTE,), (10**12, 29), (2**63 - 1, 29)])
def test_a_claim_of_gigabytes_costs_nothing(shape: tuple[int, ...]) -> None:
    body = npy(header(shape=shape))
    tracemalloc.start()
    with pytest.raises(InvalidArgument, match="found 116 bytes of values"):
        read_npy(body)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 100_000


def test_a_header_does_not_come_back_in_the_answer() -> None:
    with pytest.raises(InvalidArgument) as refusal:
        read_npy(npy(header("x" * 500)))

    assert "xx" not in str(refusal.value)


def test_a_literal_that_python_warns_of_reaches_no_log() -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with pytest.raises(InvalidArgument):
            read_npy(npy(r"{'descr': '\d'}"))

    assert heard == []


class Sums(BaseModel):
    total: float


class Answers:
    """Methods of which BentoML makes models, with a root for the array."""

    def rows(self) -> np.ndarray: ...

    def sums(self) -> Sums: ...


def test_an_array_is_answered_as_a_file_and_anything_else_as_json() -> None:
    serde = NpySerde()
    array, sums = (IODescriptor.from_output(each) for each in (Answers.rows, Answers.sums))

    as_file = b"".join(serde.serialize_model(array(ROW)).data)
    as_json = b"".join(serde.serialize_model(sums(total=1.5)).data)

    assert (read_npy(as_file) == ROW).all()
    assert as_json == b'{"total":1.5}'
    assert (serde.deserialize_model(Payload((as_file,)), array).root == ROW).all()
