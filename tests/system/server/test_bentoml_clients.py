"""BentoML's own clients against the running service, each in a program of its own."""

import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from bodies import encoded
from course import COURSE_EXAMPLE, sample_applications
from running import Locked, Server, run

SYNCHRONOUS = """
import json, sys, bentoml
url, example, token = sys.argv[1], json.loads(sys.argv[2]), (sys.argv[3:] or [None])[0]
with bentoml.SyncHTTPClient(url, token=token) as client:
    one = client.classify(example)
    many = client.classify_batch([example, example])
print(json.dumps([one, *many]))
"""

ASYNCHRONOUS = """
import asyncio, json, sys, bentoml
url, example = sys.argv[1], json.loads(sys.argv[2])
async def ask():
    async with bentoml.AsyncHTTPClient(url) as client:
        return await asyncio.gather(*(client.classify(example) for _ in range(3)))
print(json.dumps(asyncio.run(ask())))
"""


@pytest.mark.parametrize(
    "program", [SYNCHRONOUS, ASYNCHRONOUS], ids=["synchronous", "asynchronous"]
)
def test_a_client_of_bentoml_gets_the_same_answer(
    server: Server, client: httpx.Client, home: Path, program: str
) -> None:
    expected = client.post("/classify", json=COURSE_EXAMPLE).json()

    found = run("python", "-c", program, server.url, json.dumps(COURSE_EXAMPLE), home=home)

    assert json.loads(found.stdout) == [expected] * 3


def test_a_client_of_bentoml_sends_an_api_key_as_its_token(
    locked: Locked, client: httpx.Client, home: Path
) -> None:
    expected = client.post("/classify", json=COURSE_EXAMPLE).json()
    arguments = (locked.server.url, json.dumps(COURSE_EXAMPLE), locked.key)

    found = run("python", "-c", SYNCHRONOUS, *arguments, home=home)

    assert json.loads(found.stdout) == [expected] * 3


ARRAYS = """
import json, sys, bentoml, numpy
url, rows = sys.argv[1], json.loads(sys.argv[2])
arrays = [numpy.array(rows, dtype) for dtype in ("f4", "f8", "i8")]
with bentoml.SyncHTTPClient(url) as client:
    print(json.dumps([client.classify_array(each) for each in (rows, *arrays)]))
"""


def test_a_client_of_bentoml_sends_lists_and_arrays_of_any_type(
    server: Server, client: httpx.Client, home: Path
) -> None:
    row = client.get("/docs.json").json()["paths"]["/classify_array"]["post"]["requestBody"]
    rows = row["content"]["application/json"]["example"]
    expected = client.post("/classify_array", json=rows).json()

    found = run("python", "-c", ARRAYS, server.url, json.dumps(rows), home=home)

    assert json.loads(found.stdout) == [expected] * 4


MISSING = """
import json, sys, bentoml, numpy
url, rows = sys.argv[1], json.loads(sys.argv[2])
array = numpy.array(rows, "f4")
with bentoml.SyncHTTPClient(url) as client:
    try:
        client.classify_array(array)
    except bentoml.exceptions.InvalidArgument as error:
        refusal = json.loads(str(error))
    answer = client.classify_array(numpy.where(numpy.isnan(array), None, array).tolist())
print(json.dumps([refusal, answer]))
"""


def test_a_client_of_bentoml_sends_a_missing_number_as_none_and_not_as_nan(
    server: Server, client: httpx.Client, home: Path
) -> None:
    rows = encoded(sample_applications(20))
    place, column = np.argwhere(np.isnan(rows))[0]
    sent = np.where(np.isnan(rows), None, rows).tolist()
    expected = client.post("/classify_array", json=sent).json()

    found = run("python", "-c", MISSING, server.url, json.dumps(sent), home=home)

    refusal, answer = json.loads(found.stdout)
    assert refusal["detail"][0]["field"] == f"{place}.{column}"
    assert "null where income, assets or debt is missing" in refusal["detail"][0]["expected"]
    assert answer == expected
