"""Load a service with wrk: one thread on a core of its own, a few bodies again and again."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from benchmarks.machine import BenchmarkError, Machine, Server
from benchmarks.plan import Work

TICK: Final = 0.1
"""Seconds between wrk's looks for an interruption."""
SHORTEST: Final = 0.25
"""Seconds in which wrk has surely begun."""
SCRIPT: Final = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "{media_type}"
local bodies, requests, place = {{}}, {{}}, 0
for number = 0, {last} do
   local file = assert(io.open("{folder}/" .. number, "rb"))
   bodies[#bodies + 1] = file:read("*a")
   file:close()
end

function init(args)
   for number, body in ipairs(bodies) do
      requests[number] = wrk.format(nil, nil, nil, body)
   end
end

function request()
   place = place % #requests + 1
   return requests[place]
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '{{"microseconds": %d, "answers": %d, "refused": %d, "broken": %d, "p50": %d}}',
      summary.duration, summary.requests, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50)))
end
"""


@dataclass(frozen=True)
class Load:
    """The results of one run of wrk.

    Attributes:
        rate: applications answered with success, a second.
        p50: median time to an answer, milliseconds.
        answers: requests answered with success.
        errors: requests answered otherwise or not at all.
    """

    rate: float
    p50: float
    answers: int
    errors: int


def load(machine: Machine, server: Server, work: Work, seconds: float) -> Load:
    """Send a service ``work`` for so many seconds."""
    # wrk counts in whole seconds; interrupted, it ends early and reports as usual.
    soon = str(max(seconds - TICK / 2, SHORTEST))
    interrupt = ("timeout", "--preserve-status", "--signal=INT", soon)
    wrk = ("wrk", "--threads=1", f"--connections={work.connections}", "--duration=60s")
    headers = [f"--header={name}: {value}" for name, value in server.headers.items()]
    script = str(write_script(machine.home, work))
    url = f"{server.url}{work.path}"
    command = (*interrupt, *wrk, *headers, "--timeout=30s", "--script", script, url)
    return read(machine.run(*command, cores=machine.load_cores), work.rows)


@cache
def write_script(home: Path, work: Work) -> Path:
    """Write the bodies of ``work`` and the program that makes wrk send them."""
    folder = Path(mkdtemp(dir=home))
    bodies = work.bodies()
    for number, body in enumerate(bodies):
        (folder / str(number)).write_bytes(body)
    script = folder / "wrk.lua"
    script.write_text(
        SCRIPT.format(folder=folder, last=len(bodies) - 1, media_type=work.media_type),
        encoding="utf-8",
    )
    return script


def read(report: str, rows: int) -> Load:
    """Read the last line of what wrk printed, which is our script's."""
    try:
        found = json.loads(report.splitlines()[-1])
    except (ValueError, IndexError):
        msg = f"wrk did not report: {report}"
        raise BenchmarkError(msg) from None
    answers = found["answers"] - found["refused"]
    return Load(
        rate=rows * answers / found["microseconds"] * 1e6,
        p50=found["p50"] / 1e3,
        answers=answers,
        errors=found["refused"] + found["broken"],
    )
