"""Workers that are killed, stores that vanish, and the end, with real services under load."""

import asyncio
import json
import shutil
import signal
import time
from pathlib import Path

import httpx
import pytest
from course import COURSE_EXAMPLE
from faults.conftest import Serve, replacement
from faults.load import Load
from raw_http import Connection
from running import Server, wait_until

pytestmark = pytest.mark.system
CLIENTS = 16
NOTICED = 1.5
"""Seconds on a busy machine until a dead worker is replaced; 0.1 on an idle one."""
BACK = 5
"""Seconds until it answers."""
MOST_KILLS = 5
"""The best counts: a machine may stand still."""


def classify(server: Server) -> httpx.Response:
    return server.post("/classify", json=COURSE_EXAMPLE)


@pytest.mark.parametrize(
    ("number", "variables"),
    [(1, {}), (2, {}), (2, {"BENTOML_CONTAINERIZED": "true"})],
    ids=["the only worker", "one of two", "one of two in a container"],
)
def test_a_killed_worker_loses_what_it_had_in_flight_and_is_soon_back(
    serve_with: Serve, number: int, variables: dict[str, str]
) -> None:
    async def kill(server: Server) -> tuple[float, float]:
        load = Load.on(server.url)
        await load.start(CLIENTS)
        await asyncio.sleep(1)
        dead = server.workers()[0]
        killed = time.monotonic()
        dead.kill()
        await asyncio.sleep(0)
        seen = time.monotonic()  # by this loop, in which the load is
        new = await asyncio.to_thread(replacement, server, dead, number)
        noticed = time.monotonic() - killed
        await asyncio.to_thread(wait_until, lambda: new.net_connections("inet")[1:])
        work = sum(new.cpu_times()[:2])
        before = load.answered.total()
        await asyncio.to_thread(wait_until, lambda: load.answered.total() > before)
        await load.stop()

        assert load.wrong == []
        assert len(load.lost) <= CLIENTS
        assert all(began < seen + 0.5 and killed <= lost for began, lost in load.lost)
        assert len(server.workers()) == number
        return noticed, noticed + work  # its own work: others have the core too while tests run

    with serve_with(number, **variables) as server:
        soon = False
        for _ in range(MOST_KILLS):
            noticed, back = asyncio.run(kill(server))
            if soon := noticed < NOTICED and back < BACK:
                break

        assert soon, (noticed, back)


def test_a_request_waits_while_the_only_worker_is_replaced(
    serve_with: Serve,
) -> None:
    with serve_with(1) as server:
        expected = classify(server)
        (only,) = server.workers()
        only.kill()
        wait_until(lambda: only not in server.workers())
        found = classify(server)

        assert (found.status_code, found.content) == (200, expected.content)


def test_a_store_that_is_deleted_is_missed_only_by_workers_that_start(
    serve_with: Serve, home: Path
) -> None:
    def ask(server: Server) -> list[tuple[int, bytes]]:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            answers = [client.get(path) for path in ("/readyz", "/model", "/model/report")]
            answers.append(client.post("/classify", json=COURSE_EXAMPLE))
            return [(answer.status_code, answer.content) for answer in answers]

    with serve_with(2) as server:
        wait_until(lambda: server.logged().count("initialized") == 2)
        before = ask(server)
        store = server.home / "models"
        store.unlink()

        assert {status for status, _ in before} == {200}
        assert ask(server) == before

        victim = server.workers()[0]
        victim.kill()
        wait_until(lambda: "found no such model in the store" in server.logged())
        started = server.logged().count("Initializing service error")
        asked_again = [ask(server) for _ in range(20)]

        assert all(answers == before for answers in asked_again)
        assert server.process.poll() is None

        time.sleep(8)
        attempts = server.logged().count("Initializing service error") - started

        assert attempts <= 2  # a pause between them, not a loop that takes the core
        assert ask(server) == before

        initialized = server.logged().count("initialized")
        shutil.copytree(home / "models", store, dirs_exist_ok=True)
        wait_until(lambda: server.logged().count("initialized") > initialized)

        assert len(server.workers()) == 2
        assert ask(server) == before
        assert "Traceback" not in server.logged()


def test_a_sigterm_under_load_loses_no_request_that_was_there_before(serve_with: Serve) -> None:
    async def scenario(server: Server) -> tuple[Load, float, int]:
        load = Load.on(server.url)
        await load.start(CLIENTS)
        await asyncio.sleep(1)
        signalled = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        load.going = False
        code = await asyncio.to_thread(server.process.wait, 60)
        await load.stop()
        return load, signalled, code

    with serve_with(2) as server:
        load, signalled, code = asyncio.run(scenario(server))

    assert load.answered
    assert load.wrong == []
    assert [began for began, _ in load.lost if began < signalled] == []
    assert code == 0


def test_while_the_last_request_is_answered_new_connections_are_refused(
    serve_with: Serve,
) -> None:
    body = json.dumps(COURSE_EXAMPLE).encode()
    head = b"POST /classify HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % len(body)
    with serve_with(1) as server:
        expected = classify(server).content
        with Connection(server.url) as last:
            last.send(head + body[:20])
            last.wait_until_read()
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: refused(server), seconds=6)
            still_refused = [refused(server) for _ in range(20)]
            last.send(body[20:])
            (answer,) = last.answers()

        assert all(still_refused)
        assert (answer.status, answer.body) == (200, expected)
        assert server.process.wait(30) == 0


def refused(server: Server) -> bool:
    time.sleep(0.05)
    try:
        with Connection(server.url):
            return False
    except ConnectionRefusedError:
        return True
