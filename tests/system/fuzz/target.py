"""The service under attack, and a count of what was sent to it."""

import sys
from collections import Counter
from itertools import cycle

import psutil
from bodies import nested
from course import COURSE_EXAMPLE
from fuzz.effort import REQUESTS
from fuzz.hostile import BINARY, BODIES, ROWS, as_json, saved
from fuzz.judging import complaints
from fuzz.wire import HANG, Request, Wire
from raw_http import Answer
from running import Server

SENT: Counter[str] = Counter()
"""Requests by kind, over the whole run."""
NOTES: list[str] = []
"""Measurements, for the summary."""
EVERY = 500
"""Requests from one sign of life to the next."""
VALID = "valid, in between"


GOOD = [
    Request(body=as_json(COURSE_EXAMPLE)),
    *(Request(body=as_json(body)) for body in BODIES[:4]),
    Request(target=b"/classify_batch", body=as_json([*BODIES, {}])),
    Request(target=b"/classify_batch?reasons=false", body=as_json(BODIES[:9])),
    Request(target=b"/classify_array?reasons=true", body=as_json(nested(ROWS[:3]))),
    Request(target=b"/classify_array", headers=BINARY, body=saved(ROWS)),
    Request(target=b"/classify_array?reasons=true", headers=BINARY, body=saved(ROWS[:5])),
    Request(method=b"GET", target=b"/model", headers=()),
]
"""Valid requests of every kind."""


def count(kind: str) -> None:
    """Count a request as sent, and show that something happens (``make fuzz`` has ``-s``)."""
    SENT[kind] += 1
    if (total := SENT.total() - SENT[VALID]) % EVERY == 0 and kind != VALID:
        sys.stderr.write(f" {total:,} of {REQUESTS:,} bad requests\n")


class Target:
    """The service under attack."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.wire = Wire(server.url)
        self.address = self.wire.address
        self.known = answers(self.wire, GOOD)
        self._good = cycle(zip(GOOD, self.known, strict=True))

    def send(self, kind: str, request: Request) -> Answer:
        """Send a bad request and look at its answer, then a good one on the same connection."""
        count(kind)
        answer = self.wire.ask(request)
        found = complaints(request, answer)
        assert not found, f"{found} after {bytes(request)[:2_000]!r}"
        assert answer is not None
        self.is_well()
        return answer

    def is_well(self) -> None:
        """A good request gets the answer that it got before any bad one."""
        count(VALID)
        good, known = next(self._good)
        answer = self.wire.ask(good)

        assert answer is not None
        assert (answer.status, answer.body) == (200, known)
        assert answer.seconds < HANG

    def memory(self) -> float:
        """Resident memory of the service's processes, megabytes."""
        first = psutil.Process(self.server.process.pid)
        return float(sum(p.memory_info().rss for p in first.children(recursive=True))) / 1e6


def answers(wire: Wire, requests: list[Request]) -> list[bytes]:
    """The answer to each valid request, asked alone."""
    found = [wire.ask(request) for request in requests]
    assert [answer and answer.status for answer in found] == [200] * len(requests)
    return [answer.body for answer in found if answer]
