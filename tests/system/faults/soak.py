"""Minutes at full load with faults injected: no leak, no wrong answer, nothing lost but by a kill.

    make soak MINUTES=10

Runs the service with two workers on one core and the load on another, where there are two. In
turn a worker is killed, a worker stands still for a second, clients vanish, clients are slow. The
first process and its oldest worker live throughout; each process's memory is compared with its own
a minute after the start. Exits with 1 if anything was wrong; draws ``reports/soak.svg``.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
import uvloop
from faults.load import Load
from matplotlib.figure import Figure
from raw_http import parse
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from running import PROJECT, Server, configured, run, serving

CLIENTS = 32
WORKERS = 2
MOST_MEMORY = 1.05
"""Times the memory a minute after the start."""
SETTLED = 60
"""Seconds."""
SHORTLY = 10.0
"""Seconds after a kill in which a request may turn out to be lost."""
FEWEST_FAULTS = 2
"""Before a soak ends."""
LOG_VARIABLE = "CREDIT_RISK_DECISION_LOG"
MEGA = 2**20


@dataclass
class Soak:
    """A soak under way, and its findings.

    Attributes:
        memory: resident bytes of each process, with seconds since the start.
        faults: name and seconds since the start of each fault.
        back: for each kill, seconds until another worker ran, until it had a connection, and of
            its own work on a core until then.
        rates: right answers a second, with seconds since the start.
        problems: faults of the service, in sentences.
    """

    server: Server
    load: Load
    began: float = field(default_factory=time.monotonic)
    memory: dict[int, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    faults: list[tuple[str, float]] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    back: list[tuple[float, float, float]] = field(default_factory=list)
    rates: list[tuple[float, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def now(self) -> float:
        return time.monotonic() - self.began

    @property
    def parent(self) -> psutil.Process:
        return psutil.Process(self.server.process.pid)

    async def sample(self) -> None:
        """Look at memory and answers once a second."""
        before = 0
        while True:
            with suppress(psutil.NoSuchProcess):
                for process in [self.parent, *self.server.workers()]:
                    self.memory[process.pid].append((self.now, process.memory_info().rss))
            answered = self.load.answered.total()
            self.rates.append((self.now, answered - before))
            before = answered
            await asyncio.sleep(1)

    async def kill_a_worker(self) -> None:
        """Kill the youngest, so that the oldest lives throughout."""
        known = {process.pid for process in self.server.workers()}
        killed = time.monotonic()
        self.kills.append(killed)
        self.server.workers()[-1].kill()
        while not (new := [p for p in self.server.workers() if p.pid not in known]):  # noqa: ASYNC110  of another process
            await asyncio.sleep(0.05)
        spawned = time.monotonic() - killed
        while not has_connections(new[0]):  # noqa: ASYNC110  as above
            await asyncio.sleep(0.1)
        work = new[0].cpu_times()
        self.back.append((spawned, time.monotonic() - killed, work.user + work.system))

    async def halt_a_worker(self) -> None:
        """Let the oldest stand still for a second."""
        oldest = self.server.workers()[0]
        oldest.suspend()
        await asyncio.sleep(1)
        oldest.resume()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Connect, and close even if the soak ends meanwhile."""
        reader, writer = await asyncio.open_connection(self.load.host, self.load.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def vanish(self) -> None:
        """Go away in the middle of a request, and before its answer."""
        for number in range(40):
            call = self.load.calls[number % len(self.load.calls)]
            async with self.connection() as (_, writer):
                whole = number % 2
                writer.write(call.request if whole else call.request[: len(call.request) // 2])
                await writer.drain()
                writer.transport.abort()

    async def be_slow(self) -> None:
        """Send a request in fifty pieces over four seconds; its answer must be right too."""
        await asyncio.gather(*(self._trickle(number) for number in range(10)))

    async def _trickle(self, number: int) -> None:
        call = self.load.calls[number]
        try:
            async with self.connection() as (reader, writer):
                size = len(call.request) // 50 + 1
                began = time.monotonic()
                for pieces, start in enumerate(range(0, len(call.request), size), 1):
                    writer.write(call.request[start : start + size])
                    await asyncio.sleep(began + pieces * 0.08 - time.monotonic())
                received = b""
                while (found := parse(received)) is None:
                    received += (piece := await reader.read(65536))
                    if not piece:
                        break
        except OSError as error:
            self.problems.append(f"a slow client was cut off: {error}")
            return
        if found is None or (found[0].status, found[0].body) != (call.status, call.body):
            self.problems.append(f"a slow client got {found}")

    async def inject(self, every: float) -> None:
        """Inject one fault after another, each ``every`` seconds."""
        faults: Sequence[Callable[[], Awaitable[None]]] = (
            self.kill_a_worker,
            self.vanish,
            self.halt_a_worker,
            self.be_slow,
        )
        while True:
            for fault in faults:
                self.faults.append((fault.__name__.replace("_", " "), self.now))
                due = self.now + every
                await fault()
                await asyncio.sleep(max(0, due - self.now))

    def growth(self) -> dict[int, float]:
        """Most memory of each process that lived long enough, over what it settled at."""
        found = {}
        for pid, samples in self.memory.items():
            settled = [size for at, size in samples if at >= samples[0][0] + SETTLED]
            if len(settled) > SETTLED:
                fives = [median(settled[place : place + 5]) for place in range(len(settled) - 4)]
                found[pid] = max(fives) / fives[0]
        return found

    def judge(self) -> None:
        """Add the problems."""
        self.problems += [f"wrong answer: {wrong}" for wrong in self.load.wrong]
        excused = [
            lost for _, lost in self.load.lost if any(0 <= lost - k <= SHORTLY for k in self.kills)
        ]
        unexcused = len(self.load.lost) - len(excused)
        if unexcused:
            self.problems.append(f"{unexcused} requests were lost without a worker being killed")
        if len(excused) > CLIENTS * len(self.kills):
            self.problems.append(f"{len(excused)} lost to {len(self.kills)} kills: not in flight")
        self.problems += [
            f"process {pid} grew to {growth:.3f} times, expected {MOST_MEMORY} at most"
            for pid, growth in self.growth().items()
            if growth > MOST_MEMORY
        ]
        if not self.load.answered:
            self.problems.append("nothing was answered")


def has_connections(worker: psutil.Process) -> bool:
    return any(c.status == psutil.CONN_ESTABLISHED for c in worker.net_connections("inet"))


@contextmanager
def two_workers(home: Path, folder: Path) -> Iterator[Server]:
    """The service with two workers; with its decision log where the environment names one."""
    changes = configured(folder, {"credit_risk_classifier.workers": WORKERS})
    if LOG_VARIABLE in os.environ:
        changes[LOG_VARIABLE] = os.environ[LOG_VARIABLE]
    with serving("service.py:svc", home=home, log=folder / "log", **changes) as server:
        yield server


async def soak(server: Server, seconds: float, every: float, show: Callable[[Soak], None]) -> Soak:
    """Load the service for so many seconds with a fault each ``every`` seconds, and judge it.

    On a busy machine it takes longer, until there were enough faults.
    """
    state = Soak(server, Load.on(server.url))
    await state.load.start(CLIENTS)
    tasks = [asyncio.create_task(state.sample())]
    await asyncio.sleep(min(every, seconds / 4))
    tasks.append(asyncio.create_task(state.inject(every)))
    while state.now < seconds or len(state.faults) < FEWEST_FAULTS:
        show(state)
        broken = [task for task in tasks if task.done()]
        if broken or server.process.poll() is not None:
            state.problems.append(f"ended early: {[task.exception() for task in broken]}")
            break
        await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with suppress(psutil.NoSuchProcess):
        for worker in state.server.workers():
            worker.resume()  # one may stand still
    await state.load.stop()
    state.judge()
    return state


def table(state: Soak) -> Table:
    """The findings, as a table."""
    found = Table(title="Soak", show_header=False)
    answered = ", ".join(f"{count:,} {name}" for name, count in state.load.answered.items())
    found.add_row("answered right", f"{state.load.answered.total():,}: {answered}")
    found.add_row("answers a second, median", f"{median(n for _, n in state.rates):,}")
    found.add_row("wrong answers", str(len(state.load.wrong)))
    found.add_row("lost in flight", f"{len(state.load.lost)} in {len(state.kills)} kills")
    found.add_row("faults", str(len(state.faults)))
    if state.back:
        spawned, back, work = zip(*state.back, strict=True)
        found.add_row("dead worker noticed after", f"{median(spawned):.2f} s, {max(spawned):.2f}")
        found.add_row("back after", f"{median(back):.1f} s, at most {max(back):.1f}")
        found.add_row("of its own work", f"{median(work):.1f} s, at most {max(work):.1f}")
    for pid, growth in state.growth().items():
        role = "first process" if pid == state.server.process.pid else "worker"
        size = state.memory[pid][-1][1] / MEGA
        found.add_row(f"memory of {role} {pid}", f"{size:.0f} MiB, {growth:.3f} times at most")
    for problem in state.problems[:20]:
        found.add_row("[red]problem", problem[:300])
    return found


def draw(state: Soak, path: Path) -> None:
    """Draw memory, answers and faults over time."""
    figure = Figure(figsize=(9, 6))
    above, below = figure.subplots(2, 1, sharex=True)
    for pid, samples in state.memory.items():
        first = pid == state.server.process.pid
        label = "first process" if first else f"worker {pid}"
        above.plot([at for at, _ in samples], [size / MEGA for _, size in samples], label=label)
    below.plot(*zip(*state.rates, strict=True), color="#c2410c")
    for name, at in state.faults:
        for axes in (above, below):
            axes.axvline(at, color="#cbd5e1", linewidth=1, zorder=0)
        below.text(at, 1, f" {name}", rotation=90, fontsize=5, va="top", color="#64748b",
                   transform=below.get_xaxis_transform())  # fmt: skip
    above.set_ylabel("resident MiB")
    above.set_ylim(bottom=0)
    above.legend(frameon=False, fontsize=6, ncols=4, loc="lower left")
    below.set_ylabel("right answers a second")
    below.set_xlabel("seconds")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, bbox_inches="tight")


def main() -> int:
    """Soak, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=20, help="seconds from fault to fault")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the service ends too
    console = Console()
    cores = sorted(os.sched_getaffinity(0))
    columns = (BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    seconds = arguments.minutes * 60
    with tempfile.TemporaryDirectory() as name, Progress(*columns, console=console) as progress:
        bar = progress.add_task("a model, and a service on it", total=seconds)

        def show(state: Soak) -> None:
            last = state.faults[-1][0] if state.faults else "no fault yet"
            text = f"{state.load.answered.total():,} right, {len(state.load.wrong)} wrong; {last}"
            progress.update(bar, completed=state.now, description=text)

        home = Path(name) / "home"
        run("python", "train.py", "--repeats", "0", home=home)
        os.sched_setaffinity(0, cores[:1])  # the service inherits it
        with two_workers(home, Path(name)) as server:
            os.sched_setaffinity(0, cores[1:2] or cores)
            state = uvloop.run(soak(server, seconds, arguments.every, show))
    draw(state, PROJECT / "reports" / "soak.svg")
    console.print(table(state))
    return 1 if state.problems else 0


if __name__ == "__main__":
    sys.exit(main())
