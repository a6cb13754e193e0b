"""A valid request gets the same answer beside any others as alone."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

import pytest
from bodies import nested
from fuzz.effort import REQUESTS, some
from fuzz.hostile import BODIES, KINDS, ROWS, as_json
from fuzz.judging import complaints
from fuzz.target import GOOD, SENT, answers
from fuzz.wire import Request, Wire

pytestmark = pytest.mark.hypothesis  # `make test-system` draws more
CONNECTIONS = 64
OF_EACH_KIND = max(20, REQUESTS // 400)
EVERYBODY = [
    *GOOD,
    *(Request(body=as_json(body)) for body in BODIES[4:]),
    *(
        Request(target=b"/classify_array", body=as_json(nested(ROWS[place : place + 3])))
        for place in range(10)
    ),
]
"""Valid requests, each with an answer of its own."""

Job = tuple[str, Request, bytes | None]
"""Kind, request, and the answer that it must get; None for a bad one."""


@pytest.fixture(scope="module")
def bad() -> list[tuple[str, Request]]:
    """Bad requests of every kind."""
    return [(kind, request) for kind in KINDS for request in some(KINDS[kind](), OF_EACH_KIND)]


def work(url: str, start: Barrier, jobs: list[Job]) -> Iterator[str]:
    """Send jobs over one connection; what was wrong with the answers."""
    wire = Wire(url)
    start.wait()
    for kind, request, expected in jobs:
        answer = wire.ask(request)
        if expected is None:
            yield from (f"{kind}: {found}" for found in complaints(request, answer))
        elif answer is None or (answer.status, answer.body) != (200, expected):
            yield f"valid, beside {kind}: {answer and answer.status}"
    wire.close()


@pytest.mark.parametrize("mode", ["server", "remote"])
def test_every_valid_request_gets_the_answer_that_it_gets_alone(
    mode: str, bad: list[tuple[str, Request]], request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(mode).url
    random = Random(11)  # noqa: S311  variety, not secrecy
    wire = Wire(url)
    alone = answers(wire, EVERYBODY)
    wire.close()
    valid = list(zip(EVERYBODY, alone, strict=True))
    jobs: list[Job] = [(kind, each, None) for kind, each in bad]
    jobs += [("others", *random.choice(valid)) for _ in range(2 * len(bad))]
    random.shuffle(jobs)
    start = Barrier(CONNECTIONS)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [jobs[place::CONNECTIONS] for place in range(CONNECTIONS)]
        calls = [pool.submit(lambda share: list(work(url, start, share)), s) for s in shares]
        wrong = Counter(found for call in calls for found in call.result())
    SENT[f"beside {CONNECTIONS - 1} others, {mode}"] += len(jobs)

    assert len(set(alone)) > 40
    assert len(bad) >= OF_EACH_KIND * len(KINDS)
    assert not wrong, wrong.most_common(10)
