"""Overload a service: count what it still answers and how fast, and time its recovery.

    python -m benchmarks.overload http://localhost:3000 --seconds 10

First a closed loop finds the most that the service answers. Then an open loop offers four times
that: each request is sent when it is due, whether or not earlier ones are answered, and is timed
from then. At the end single requests show how soon everything is as before. The requests are
arrays with reasons: costly for the service, cheap for this program, which would otherwise be
overloaded itself.
"""

import argparse
import asyncio
import io
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

from credit_risk.form import form_at_hand, sample_applications
from credit_risk.model import Encoder

CONNECTIONS = 1000
"""Open from the beginning, as a load balancer's; a request that finds none free is timed too."""
CLOSED = 8
IN_A_ROW = 20
LONGEST_RECOVERY = 10.0
"""Seconds."""
OK = 200
FORM = form_at_hand()


@dataclass
class Tally:
    """The outcomes of requests.

    Attributes:
        statuses: number of requests by status; 0: not answered.
        took: seconds to each 200.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)

    def p99(self) -> float:
        """99th percentile of the seconds to a 200."""
        return float(np.quantile(self.took, 0.99)) if self.took else float("inf")


@dataclass(frozen=True)
class Overload:
    """The results of an overload.

    Attributes:
        most: answers a second in a closed loop.
        offered: requests a second in the open loop.
        goodput: 200s a second in it.
        statuses: of the open loop.
        p99: of its 200s, seconds from when each was due.
        recovered: seconds from the end until every request is answered in time.
    """

    most: float
    offered: float
    goodput: float
    statuses: dict[int, int]
    p99: float
    recovered: float


class Client:
    """Sends one request again and again, over as many connections as it takes."""

    def __init__(self, url: str, rows: int) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)
        body = io.BytesIO()
        np.save(body, Encoder(FORM).encode(sample_applications(FORM, rows)))
        head = (
            "POST /classify_array?reasons=true HTTP/1.1\r\nHost: overload\r\n"
            f"Content-Type: application/x-npy\r\nContent-Length: {body.tell()}\r\n\r\n"
        )
        self._request = head.encode() + body.getvalue()
        self._free: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self._slots = asyncio.Semaphore(CONNECTIONS)

    async def connect(self) -> None:
        """Open all connections anew and use each once, so that the service has accepted it."""
        self.close()
        for _ in range(CONNECTIONS):
            reader, writer = await asyncio.open_connection(*self._address, limit=2**20)
            writer.write(b"GET /livez HTTP/1.1\r\nHost: overload\r\n\r\n")
            await self._read(reader)
            self._free.append((reader, writer))

    async def send(self, due: float, tally: Tally) -> None:
        """Send the request and count its answer."""
        async with self._slots:
            try:
                status = await self._exchange()
            except (OSError, EOFError):
                status = 0
        tally.statuses[status] += 1
        if status == OK:
            tally.took.append(time.perf_counter() - due)

    async def _exchange(self) -> int:
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():  # the service closes idle connections
                break
        else:
            reader, writer = await asyncio.open_connection(*self._address, limit=2**20)
        writer.write(self._request)
        status = await self._read(reader)
        self._free.append((reader, writer))
        return status

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> int:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if b"content-length:" in line)
        await reader.readexactly(int(length.split(b":")[1]))
        return int(head[9:12])

    def close(self) -> None:
        """Close all connections."""
        while self._free:
            self._free.pop()[1].close()


async def closed_loop(client: Client, seconds: float) -> float:
    """Send the next request as soon as one is answered; return answers a second."""
    tally = Tally()
    end = time.perf_counter() + seconds

    async def one() -> None:
        while (now := time.perf_counter()) < end:
            await client.send(now, tally)

    await asyncio.gather(*(one() for _ in range(CLOSED)))
    return tally.statuses[OK] / seconds


async def open_loop(client: Client, rate: float, seconds: float) -> Tally:
    """Send requests at a fixed rate for so many seconds, and wait for all answers."""
    tally = Tally()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            group.create_task(client.send(due, tally))
    return tally


async def recovery(client: Client, slow: float) -> float:
    """Send one by one; return seconds to the first of ``IN_A_ROW`` answers that come in time."""
    began = since = time.perf_counter()
    good = 0
    while good < IN_A_ROW and (now := time.perf_counter()) < began + LONGEST_RECOVERY:
        tally = Tally()
        await client.send(now, tally)
        if tally.p99() > slow:
            good, since = 0, time.perf_counter()
        else:
            good += 1
        await asyncio.sleep(0.02)
    return since - began if good == IN_A_ROW else float("inf")


async def overload(url: str, *, seconds: float, rows: int = 40, times: float = 4) -> Overload:
    """Offer a service ``times`` its most for so many seconds."""
    client = Client(url, rows)
    await client.connect()
    await closed_loop(client, seconds / 5)  # warm
    most = await closed_loop(client, seconds / 2)
    before = Tally()
    for _ in range(20):
        await client.send(time.perf_counter(), before)
    await client.connect()  # the service closes idle ones
    began = time.perf_counter()
    tally = await open_loop(client, times * most, seconds)
    lasted = time.perf_counter() - began
    recovered = await recovery(client, slow=5 * before.p99())
    client.close()
    return Overload(
        most=most,
        offered=times * most,
        goodput=tally.statuses[OK] / lasted,
        statuses=dict(tally.statuses),
        p99=tally.p99(),
        recovered=recovered,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rows", type=int, default=40)
    chosen = parser.parse_args(arguments)
    found = asyncio.run(overload(chosen.url, seconds=chosen.seconds, rows=chosen.rows))
    share = found.goodput / found.most
    for line in (
        f"most       {found.most:,.0f} answers/s in a closed loop",
        f"offered    {found.offered:,.0f} requests/s: {found.statuses}",
        f"goodput    {found.goodput:,.0f} answers/s, {share:.2f} of the most",
        f"p99        {found.p99:.2f} s of what was answered, from when it was due",
        f"recovered  {found.recovered:.2f} s after the end",
    ):
        print(line)  # noqa: T201  a program of its own


if __name__ == "__main__":
    main()
