"""Bad requests, by kind: bytes, JSON, ``.npy`` files, headers, paths."""

import csv
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from bodies import encoded
from course import COURSE_EXAMPLE, sample_applications
from fuzz.wire import Request
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from hypothesis.strategies import SearchStrategy

from lean_bento import NPY

JSON = ((b"Content-Type", b"application/json"),)
TABLE = ((b"Content-Type", b"text/csv"),)
BINARY = ((b"Content-Type", NPY.encode()),)
POSTS = [b"/classify", b"/classify_batch", b"/classify_array"]
GETS = [b"/model", b"/model/report", b"/metrics", b"/livez", b"/readyz", b"/healthz", b"/docs.json"]
SAMPLES = sample_applications(40, seed=3)
BODIES = [sample.model_dump(mode="json") for sample in SAMPLES]
ROWS = encoded(SAMPLES)

posts = st.sampled_from(POSTS)
bodies = st.sampled_from(BODIES)
texts = st.text(st.characters(), max_size=40) | st.text(
    "kä\u0000\ud800😀", min_size=90, max_size=400
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**320)
    | st.floats()
    | texts
    | st.sampled_from(["owner", "single", "no", "fixed", 99999999, -0.0, 1e39, 5e-324, 2**53])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=25,
)


def as_json(value: object) -> bytes:
    """JSON as Python writes it: with NaN, infinities, lone surrogates."""
    return json.dumps(value).encode()


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=(3, 0))  # the first for any names of fields
    return file.getvalue()


def npy(header: str, content: bytes, version: int = 1) -> bytes:
    """A file with any header."""
    text = header.encode("utf-8", "replace")
    length = struct.pack("<H" if version == 1 else "<I", len(text) % 65_536)
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


# --- bytes ---------------------------------------------------------------------------------------


@st.composite
def damaged(draw: st.DrawFn, whole: SearchStrategy[bytes], most: int = 4) -> bytes:
    """Bytes with some of them changed, taken away or added."""
    content = bytearray(draw(whole))
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(content)))
        end = min(start + draw(st.sampled_from([0, 1, 1, 2, 30])), len(content))
        content[start:end] = draw(st.binary(max_size=3) | st.sampled_from([b'"', b"[", b"}", b","]))
    return bytes(content)


def any_bytes() -> SearchStrategy[Request]:
    either = st.sampled_from([JSON, BINARY])
    return st.builds(Request, target=posts, headers=either, body=st.binary(max_size=2_000))


def damaged_json() -> SearchStrategy[Request]:
    body = damaged(bodies.map(as_json) | st.lists(bodies, max_size=4).map(as_json))
    return st.builds(Request, target=posts, body=body)


# --- JSON ----------------------------------------------------------------------------------------


def any_json() -> SearchStrategy[Request]:
    return st.builds(Request, target=posts, body=values.map(as_json))


@st.composite
def wrong_fields(draw: st.DrawFn) -> dict[str, Any]:
    """An application of which some fields are other, gone, or too many."""
    application = dict(draw(bodies))
    for name in draw(st.lists(st.sampled_from(list(COURSE_EXAMPLE)), min_size=1, max_size=5)):
        if draw(st.booleans()):
            application[name] = draw(values)
        else:
            application.pop(name, None)
    return application | draw(st.dictionaries(texts, scalars, max_size=3))


def application_with_wrong_fields() -> SearchStrategy[Request]:
    return st.builds(Request, body=wrong_fields().map(as_json))


@st.composite
def odd_numbers(draw: st.DrawFn) -> Request:
    literal = draw(
        st.sampled_from(
            ["NaN", "-Infinity", "1e400", "-1e-400", "0x1", "1_0", "+1", "01", "1.", "-"]
        )
        | st.integers(1, 6_000).map(lambda count: "9" * count)
        | st.integers(1, 6_000).map(lambda count: "0." + "0" * count + "1")
        | st.integers(0, 10**9).map(lambda power: f"1E{power}")
    )
    name = draw(st.sampled_from(["age", "income", "amount"]))
    body = as_json(COURSE_EXAMPLE | {name: "HERE"}).replace(b'"HERE"', literal.encode())
    return Request(body=body)


@st.composite
def deep_nesting(draw: st.DrawFn) -> Request:
    opening, closing = draw(st.sampled_from([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")]))
    depth = draw(st.sampled_from([50, 199, 200, 201, 1_000, 100_000]) | st.integers(1, 3_000))
    inner = draw(st.sampled_from([b"", b"1", b"null"]))
    body = opening * depth + inner + closing * draw(st.sampled_from([0, 1, depth]))
    return Request(target=draw(posts), body=body)


@st.composite
def long_texts(draw: st.DrawFn) -> Request:
    long = draw(st.text('abä\n"\\<%😀', min_size=1, max_size=9)) * draw(st.integers(50, 3_000))
    body: Any = draw(
        st.sampled_from(
            [
                {long: 1},
                COURSE_EXAMPLE | {"home": long},
                COURSE_EXAMPLE | {long: long},
                {f"{long[:90]}{place}": 1 for place in range(300)},
                [{long: long}, long],
                [[long]],
                long,
            ]
        )
    )
    return Request(target=draw(posts), body=as_json(body), status=None)


@st.composite
def a_field_twice(draw: st.DrawFn) -> Request:
    name = draw(st.sampled_from(list(COURSE_EXAMPLE)))
    again = as_json({name: draw(st.just(COURSE_EXAMPLE[name]) | scalars)})
    return Request(body=as_json(COURSE_EXAMPLE)[:-1] + b", " + again[1:], status=400)


@st.composite
def batches_with_bad_rows(draw: st.DrawFn) -> Request:
    rows = draw(st.lists(bodies | wrong_fields() | values, min_size=1, max_size=40))
    target = draw(st.sampled_from([b"/classify_batch", b"/classify_batch?reasons=false"]))
    try:
        json.dumps(rows, ensure_ascii=False).encode()
        status = 200
    except UnicodeEncodeError:  # a lone surrogate is no text, so that this is no JSON
        status = 400
    return Request(target=target, body=as_json(rows), status=status)


def lists_that_are_no_rows() -> SearchStrategy[Request]:
    numbers = st.none() | st.booleans() | st.floats() | st.integers() | texts
    rows = st.lists(st.lists(numbers, max_size=30), max_size=4)
    almost = st.lists(st.floats(width=32), min_size=29, max_size=29).map(lambda row: [row])
    either = (rows | almost).map(as_json)
    return st.builds(Request, target=st.just(b"/classify_array"), body=either)


# --- tables --------------------------------------------------------------------------------------


@st.composite
def tables(draw: st.DrawFn) -> Request:
    """CSV with parts changed, other columns, odd cells and lines, in any encoding."""
    rows = draw(st.lists(bodies, min_size=1, max_size=5))
    cells = [[str(value) for value in row.values()] for row in rows]
    odd = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20), texts), max_size=3))
    for row, place, text in odd:
        line = cells[row % len(cells)]
        line[min(place, len(line) - 1)] = text
    file = io.StringIO()
    separator, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    writer = csv.writer(file, delimiter=separator, lineterminator=end)
    header = draw(st.sampled_from([list(rows[0]), list(rows[0])[1:], ["a"] * 14, []]))
    writer.writerows([header, *cells])
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    whole = file.getvalue().encode(encoding, "replace")
    body = draw(st.just(whole) | damaged(st.just(whole)) | st.binary(max_size=300))
    target = draw(st.sampled_from([b"/classify_batch", b"/classify_batch?reasons=false"]))
    accept = draw(st.sampled_from([(), ((b"Accept", b"text/csv"),)]))
    return Request(target=target, headers=(*TABLE, *accept), body=body)


@st.composite
def split_tables(draw: st.DrawFn) -> Request:
    """DataFrames as pandas splits them, with parts of other kinds."""
    columns = draw(st.permutations(list(COURSE_EXAMPLE)) | st.lists(scalars, max_size=15) | values)
    data = draw(st.lists(st.lists(scalars, max_size=15) | values, max_size=5) | values)
    table = {"columns": columns, "data": data} | draw(st.sampled_from([{}, {"index": [0]}]))
    return Request(target=b"/classify_batch", body=as_json(table))


# --- .npy files ----------------------------------------------------------------------------------


def posted_npy(body: SearchStrategy[bytes], status: int | None) -> SearchStrategy[Request]:
    target = st.sampled_from([b"/classify_array", b"/classify_array?reasons=true"])
    return st.builds(
        Request, target=target, headers=st.just(BINARY), body=body, status=st.just(status)
    )


def npy_with_a_corrupt_header() -> SearchStrategy[Request]:
    whole = saved(ROWS[:2])
    heads = damaged(st.just(whole[:128]), most=8).map(lambda head: head + whole[128:])
    literals = st.recursive(
        scalars | st.binary(max_size=5) | st.just(...),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner, inner)
            | st.dictionaries(st.sampled_from(["descr", "fortran_order", "shape", 1, b"x"]), inner)
        ),
        max_leaves=12,
    ).map(repr)
    codes = st.sampled_from(["(" * 900, "-" * 900, "'''", "{[]: 1}", "\\", "1 if", "f'{x}'", "\0"])
    odd = st.builds(npy, literals | codes | texts, st.just(ROWS.tobytes()), st.integers(0, 4))
    return posted_npy(heads | odd, None)


@st.composite
def npy_of_another_dtype(draw: st.DrawFn) -> bytes:
    if draw(st.booleans()):
        thing = draw(st.sampled_from([{}, "text", [1], None, print, Request()]))
        return saved(np.array([thing] * draw(st.integers(1, 29)), dtype=object))
    dtype = draw(
        arrays.scalar_dtypes().filter(lambda dtype: dtype.newbyteorder("=") != np.float32)
        | arrays.array_dtypes()
    )
    shape = draw(st.sampled_from([(0, 29), (1, 29), (3, 29)]))
    return saved(np.zeros(shape, dtype))


@st.composite
def npy_with_a_lying_shape(draw: st.DrawFn) -> bytes:
    """Headers that claim more or less than is there: gigabytes, overflows, less than nothing."""
    lengths = st.sampled_from(
        [-1, 0, 1, 29, True, 2**31, 2**32, 2**61, 2**63 - 1, 2**64 + 1, 10**12, 10**30, 9**400]
    )
    shape = tuple(draw(st.lists(lengths, max_size=4))) + draw(st.sampled_from([(), (29,)]))
    shape = shape if shape not in {(1, 29), (True, 29)} else (2, 29)
    descr = draw(st.sampled_from(["<f4", ">f4", "<f4", "|V0", "|S0", "<U0", "|V2147483647"]))
    order = draw(st.booleans())
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"
    return npy(header, ROWS[:1].tobytes(), draw(st.integers(1, 3)))


@st.composite
def npy_in_another_order(draw: st.DrawFn) -> Request:
    """Valid: every layout of memory and padding of the header means the same rows."""
    rows = ROWS[: draw(st.integers(1, 4))]
    descr = draw(st.sampled_from(["<f4", ">f4"]))
    order = draw(st.booleans())
    content = rows.astype(descr).tobytes("F" if order else "C")
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {rows.shape}, }}"
    padded = header + " " * draw(st.integers(0, 70)) + "\n"
    body = npy(padded, content, draw(st.integers(1, 3)))
    return Request(target=b"/classify_array", headers=BINARY, body=body, status=200)


@st.composite
def npy_cut_or_continued(draw: st.DrawFn) -> bytes:
    whole = saved(ROWS[:3])
    if draw(st.booleans()):
        return whole + draw(st.binary(min_size=1, max_size=500))
    return whole[: draw(st.integers(0, len(whole) - 1))]


@st.composite
def archives_and_pickles(draw: st.DrawFn) -> bytes:
    """Other files that ``numpy.load`` would open, a bomb of zeros among them."""
    if draw(st.booleans()):
        return pickle.dumps(draw(st.sampled_from([{}, ROWS, print])))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        name = draw(st.sampled_from(["arr_0.npy", "../x", "ä" * 200]))
        archive.writestr(name, bytes(draw(st.sampled_from([0, 100, 1_000_000]))))
    return draw(st.just(file.getvalue()) | damaged(st.just(file.getvalue())))


def npy_with_any_numbers() -> SearchStrategy[Request]:
    shapes = arrays.array_shapes(max_dims=4, max_side=30) | st.integers(0, 3).map(lambda n: (n, 29))
    return posted_npy(arrays.arrays(np.float32, shapes).map(saved), None)


# --- headers, queries, paths, methods ------------------------------------------------------------

TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
OURS = {b"application/json", NPY.encode()}
REFUSED = [
    b"text/plain",
    b"application/vnd.bentoml+pickle",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"multipart/form-data",
    b"application/json, text/plain",
    b"application/vnd.apache.arrow.file",
    b"",
    b";",
]
HEADERS = [
    b"Accept",
    b"Accept-Encoding",
    b"Authorization",
    b"Cookie",
    b"Forwarded",
    b"Origin",
    b"Range",
    b"Bentoml-Payload-Meta",
    b"X-Bentoml-Request-Id",
    b"X-Forwarded-For",
    b"X-HTTP-Method-Override",
    b"traceparent",
]


def of_bytes(allowed: bytes, most: int) -> SearchStrategy[bytes]:
    return st.lists(st.sampled_from(list(allowed)), max_size=most).map(bytes)


header_values = of_bytes(bytes(range(32, 127)) + bytes(range(128, 256)), 60) | st.integers(
    100, 5_000
).map(lambda count: b"v" * count)


@st.composite
def media_types(draw: st.DrawFn) -> Request:
    value = draw(st.sampled_from(REFUSED) | header_values)
    named = value.partition(b";")[0].strip(b" \t").lower()
    status = None if named in OURS else 415
    body = draw(st.just(as_json(COURSE_EXAMPLE)) | st.just(pickle.dumps({})) | st.binary())
    return Request(
        target=draw(posts), headers=((b"Content-Type", value),), body=body, status=status
    )


@st.composite
def odd_headers(draw: st.DrawFn) -> Request:
    """Around a valid body, which is answered as without them."""
    names = st.sampled_from(HEADERS) | of_bytes(TOKEN, 30).map(lambda name: b"x-" + name)
    headers = draw(st.lists(st.tuples(names, header_values), min_size=1, max_size=30))
    return Request(headers=(*JSON, *headers), body=as_json(COURSE_EXAMPLE), status=200)


VISIBLE = bytes(range(33, 127)).replace(b"#", b"").replace(b"?", b"").replace(b"%", b"")
pieces = (
    of_bytes(VISIBLE, 12)
    | st.binary(max_size=8).map(lambda raw: b"".join(b"%%%02x" % byte for byte in raw))
    | st.sampled_from([b"..", b"%2e%2e", b"%", b"%zz", b"%00", b"//", b"classify", b"model"])
    | st.integers(100, 3_000).map(lambda count: b"p" * count)
)


@st.composite
def odd_paths(draw: st.DrawFn) -> Request:
    folder = draw(st.sampled_from([b"/", b"/", b"/classify/", b"/model/", b"/static_content/"]))
    method = draw(st.sampled_from([b"GET", b"POST", b"HEAD"]))
    target = folder + b"/".join(draw(st.lists(pieces, max_size=5)))
    return Request(method=method, target=target, body=as_json(COURSE_EXAMPLE))


@st.composite
def odd_queries(draw: st.DrawFn) -> Request:
    names = st.sampled_from([b"reasons", b"reasons", b"Reasons"]) | pieces
    query = b"&".join(b"%b=%b" % pair for pair in draw(st.lists(st.tuples(names, pieces))))
    target = draw(st.sampled_from([*POSTS, *GETS])) + b"?" + query
    method = b"GET" if target.partition(b"?")[0] in GETS else b"POST"
    return Request(method=method, target=target, body=as_json([]) if b"_" in target else b"")


METHODS = b"GET HEAD POST PUT DELETE OPTIONS TRACE PATCH PROPFIND PURGE REPORT LINK".split()


def other_methods() -> SearchStrategy[Request]:
    return st.builds(
        Request,
        method=st.sampled_from(METHODS),
        target=st.sampled_from([*POSTS, *GETS, b"/"]),
        headers=st.sampled_from([JSON, BINARY, ()]),
        body=st.just(b"") | bodies.map(as_json),
    )


KINDS: dict[str, Callable[[], SearchStrategy[Request]]] = {
    "any bytes": any_bytes,
    "damaged JSON": damaged_json,
    "any JSON": any_json,
    "wrong fields": application_with_wrong_fields,
    "odd numbers": odd_numbers,
    "deep nesting": deep_nesting,
    "long texts": long_texts,
    "a field twice": a_field_twice,
    "batches with bad rows": batches_with_bad_rows,
    "lists that are no rows": lists_that_are_no_rows,
    "tables": tables,
    "split tables": split_tables,
    "npy, corrupt header": npy_with_a_corrupt_header,
    "npy, another dtype": lambda: posted_npy(npy_of_another_dtype(), 400),
    "npy, lying shape": lambda: posted_npy(npy_with_a_lying_shape(), 400),
    "npy, another order": npy_in_another_order,
    "npy, cut or continued": lambda: posted_npy(npy_cut_or_continued(), 400),
    "npy, archives and pickles": lambda: posted_npy(archives_and_pickles(), 400),
    "npy, any numbers": npy_with_any_numbers,
    "media types": media_types,
    "odd headers": odd_headers,
    "odd paths": odd_paths,
    "odd queries": odd_queries,
    "other methods": other_methods,
}
"""Name and strategy; called late, since drawing up a strategy takes time."""
