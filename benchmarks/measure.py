"""Measure, round by round: in each round every service is loaded in turn.

Names of what is found: ``<service>/<work>/rate`` in applications a second, ``.../p50`` in
milliseconds, ``.../errors`` in requests; of a work in process the rate alone; ``memory/first`` and
``memory/last`` in bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.answers import SAMPLES, Answer, check
from benchmarks.load import load
from benchmarks.machine import BenchmarkError, Machine, Server
from benchmarks.plan import MANY, Measurement, Plan, one
from benchmarks.results import Results
from benchmarks.services import OURS, Service
from credit_risk.form import form_at_hand

PATIENCE = 5
"""More seconds for a service that has not answered once."""


@dataclass
class Bench:
    """Measures, and keeps what it finds.

    Attributes:
        machine: where.
        plan: how much.
        services: all that run.
        servers: where each of them answers.
        in_process: has ``benchmarks.in_process`` answer a line.
        results: what was found.
        say: shows what is being done.
        answered: requests that our service has answered.
    """

    machine: Machine
    plan: Plan
    services: Mapping[str, Service]
    servers: Mapping[str, Server]
    in_process: Callable[[str], Any]
    results: Results
    say: Callable[[str], None]
    answered: int = 0

    def prepare(self) -> None:
        """Compare answers of every service with the booster's, and load each for a moment."""
        self.say("check the answers, warm up")
        expected: list[Answer] = self.in_process(f"answers {SAMPLES}")
        planned = [*self.plan.singles(), *self.plan.bulk()]
        for name, server in self.servers.items():
            if not self.services[name].model:
                paths = {each.work.path for each in planned if each.service == name}
                checked = check(server, self.services[name], paths, expected)
                self.results.checked[name] = checked
            if name == OURS:
                with httpx.Client(trust_env=False) as client:
                    for _ in range(self.plan.requests[0]):
                        client.post(f"{server.url}/classify", json=form_at_hand().example)
                self.results.add("memory/first", server.worker_memory())
            load(self.machine, server, one(MANY), self.plan.warm_up)

    def rounds(self, title: str, measurements: Sequence[Measurement]) -> None:
        """Measure in turn, again and again."""
        mine = [each for each in measurements if each.service in self.servers]
        for number in range(self.plan.rounds):
            self.say(f"{title}: round {number + 1} of {self.plan.rounds}")
            for each in mine:
                if number < each.rounds:
                    self.measure(each)

    def measure(self, wanted: Measurement) -> None:
        """Measure once."""
        work, name = wanted.work, f"{wanted.service}/{wanted.work.name}"
        if not work.path:
            call = work.name.removesuffix(" in process")
            line = f"{call} {wanted.seconds} {self.services[wanted.service].model}"
            self.results.add(f"{name}/rate", self.in_process(line))
            return
        server = self.servers[wanted.service]
        found = load(self.machine, server, work, wanted.seconds)
        if not found.answers:  # too slow for a moment's measurement
            found = load(self.machine, server, work, wanted.seconds + PATIENCE)
        if not found.answers:
            msg = f"{name}: not one request of {found.errors} was answered"
            raise BenchmarkError(msg)
        for what in ("rate", "p50", "errors"):
            self.results.add(f"{name}/{what}", getattr(found, what))
        if wanted.service == OURS:
            self.answered += found.answers

    def last_memory(self) -> None:
        """Read the memory again, after more requests if those so far are too few."""
        if OURS in self.servers:
            while self.answered < self.plan.requests[1]:
                found = load(self.machine, self.servers[OURS], one(MANY), self.plan.seconds)
                self.answered += found.answers
            self.results.add("memory/last", self.servers[OURS].worker_memory())
