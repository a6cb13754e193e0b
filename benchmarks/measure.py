"""The measurements: a service in a round, the work without HTTP, models with more trees.

Names of what is found: ``<service>/<work>/rate`` in applications a second, ``.../p50`` and
``.../p99`` in milliseconds, ``.../errors`` in requests; ``in-process/<work>/rate``;
``trees 100/...`` likewise; ``memory/first`` and ``memory/last`` in bytes.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from benchmarks.answers import SAMPLES, check
from benchmarks.load import Load, load
from benchmarks.machine import Machine
from benchmarks.plan import ALONE, MANY, Plan, Work, one
from benchmarks.processes import BenchmarkError, Server
from benchmarks.results import Results
from benchmarks.services import OURS, SERVICES
from credit_risk.form import COURSE_EXAMPLE

__all__ = ["IN_PROCESS", "TREES", "Bench"]

IN_PROCESS = "in-process"
TREES = "trees"
PATIENCE = 5
"""More seconds for a service that has not answered once."""
LONGEST_CLIMB = 300
"""Runs of wrk at most until the last request before the memory is read."""


@dataclass
class Bench:
    """Measures, and keeps what it finds.

    Attributes:
        machine: where.
        plan: how much.
        results: what was found.
        say: shows what is being done; called before each step.
    """

    machine: Machine
    plan: Plan
    results: Results
    say: Callable[[str], None]

    def service(self, name: str) -> None:
        """Start a service, check its answers, warm it up, measure all of its works."""
        self.say(f"{name}: start and check")
        singles = [work for work in self.plan.works(name) if work.path == "/classify"]
        bulk = [work for work in self.plan.works(name) if work not in singles]
        with self.machine.serving(SERVICES[name]) as server:
            paths = {work.path for work in (*singles, *bulk)}
            checked = check(server.url, SERVICES[name], paths, self.expected)
            self.results.checked[name] = checked
            if name == OURS:
                self.first_memory(server)
            self.load(server, one(MANY), self.plan.warm_up)
            answers = sum(self.work(name, server, work) for work in singles)
            if name == OURS:
                self.last_memory(server, answers)
            for work in bulk:
                self.work(name, server, work)

    def load(self, server: Server, work: Work, seconds: float) -> Load:
        """Load a service that is under way."""
        return load(self.machine, server.url, work, seconds)

    def work(self, name: str, server: Server, work: Work) -> int:
        """Measure one work of a service that is warm; return the number of answers."""
        self.say(f"{name}: {work.name}")
        seconds = self.plan.seconds_of(work)
        found = self.load(server, work, seconds)
        if not found.answers:  # too slow for a moment's measurement
            found = self.load(server, work, seconds + PATIENCE)
        for what in ("rate", "p50", "p99", "errors"):
            self.results.add(f"{name}/{work.name}/{what}", getattr(found, what))
        if not found.answers:
            msg = f"{name}, {work.name}: not one request of {found.errors} was answered"
            raise BenchmarkError(msg)
        return found.answers

    def first_memory(self, server: Server) -> None:
        """Read the worker's memory after its first requests."""
        with httpx.Client(trust_env=False) as client:
            for _ in range(self.plan.requests[0]):
                client.post(f"{server.url}/classify", json=COURSE_EXAMPLE)
        self.results.add("memory/first", server.worker_memory())

    def last_memory(self, server: Server, sent: int) -> None:
        """Read it again, after more requests if those sent so far are too few."""
        self.say(f"{OURS}: memory")
        for _ in range(LONGEST_CLIMB):
            if sent < self.plan.requests[1]:
                sent += self.load(server, one(MANY), self.plan.growth_seconds).answers
        self.results.add("memory/last", server.worker_memory())

    def in_process(self) -> None:
        """Measure the work without HTTP: all of ``/classify_batch``, and the model call alone."""
        self.say(IN_PROCESS)
        sizes = sorted({*self.plan.rows, MANY, self.plan.batch_rows, self.plan.array_rows})
        self.without_http(IN_PROCESS, {"json": sizes, "predict": sizes})

    def without_http(self, name: str, works: Mapping[str, Iterable[int]]) -> None:
        """Measure works of ``benchmarks.in_process``, each by rows in a call."""
        listed = [f"{work}:{','.join(map(str, rows))}" for work, rows in works.items()]
        command = ("python", "-m", "benchmarks.in_process", "speeds")
        seconds = str(self.plan.growth_seconds)
        found = json.loads(self.machine.run(*command, seconds, *listed))
        for work, rates in found.items():
            for rows, rate in rates.items():
                self.results.add(f"{name}/{work} {rows}/rate", rate)

    def trees(self, data: Path) -> None:
        """Train models of other sizes on ``data`` and measure our service with each."""
        self.say(f"{TREES}: train {len(self.plan.trees)} models")
        sizes = map(str, self.plan.trees)
        found = self.machine.run("python", "-m", "benchmarks.forest", str(data), *sizes)
        models = dict(zip(self.plan.trees, found.split(), strict=True))
        for _ in range(self.plan.tree_rounds):
            for trees, model in models.items():
                name = f"{TREES} {trees}"
                self.say(f"{name}: start")
                other = replace(self, machine=replace(self.machine, model=model))
                other.without_http(name, {"predict": (ALONE, MANY)})
                with other.machine.serving(SERVICES[OURS]) as server:
                    self.load(server, one(MANY), self.plan.warm_up)
                    for connections in (ALONE, MANY):
                        self.work(name, server, one(connections))

    @cached_property
    def expected(self) -> list[dict[str, Any]]:
        """The booster's own answers to the samples."""
        command = ("python", "-m", "benchmarks.in_process", "answers", str(SAMPLES))
        found: list[dict[str, Any]] = json.loads(self.machine.run(*command))
        return found
