"""Measure our service and its peers, each in turn on one core, loaded with wrk from another.

    python -m benchmarks.run                        everything: about half an hour
    python -m benchmarks.run --only ours fastapi    some of it
    python -m benchmarks.run --tiny --output /tmp/b just enough to see that it works

Trains the course's model in a model store of its own, on the real data where it is at hand
(CREDIT_RISK_REAL_DATA, then data/CreditScoring.csv), else on the sample. Writes RESULTS.md with
its pictures, and every number into results.json.
"""

import argparse
import dataclasses
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.facts import facts
from benchmarks.machine import PROJECT, Machine
from benchmarks.measure import IN_PROCESS, TREES, Bench
from benchmarks.plan import Plan
from benchmarks.processes import BenchmarkError
from benchmarks.progress import show
from benchmarks.report import write_report
from benchmarks.results import Results
from benchmarks.services import OURS, SERVICES

__all__: list[str] = []

NAMES = (*SERVICES, IN_PROCESS, TREES)
NEEDED = {"wrk": "wrk", "taskset": "util-linux"}
"""Commands, and the Debian packages that they are in."""


def main() -> None:
    """Train, measure, report."""
    args = options()
    plan = Plan(rounds=args.rounds, seconds=args.seconds, data=args.data)
    if args.tiny:
        plan = Plan.tiny(args.data)
    results = Results()
    with (
        TemporaryDirectory(prefix="credit-risk-benchmark-") as home,
        show(count_steps(plan, args.only)) as say,
    ):
        machine = Machine(Path(home), args.server_core, args.load_core)
        say(f"train on {args.data.name}")
        trained = machine.run("python", "train.py", "--course", "--data", str(args.data))
        machine = dataclasses.replace(machine, model=trained.split()[-1])
        results.facts = facts(machine, plan, args.data)
        bench = Bench(machine, plan, results, say)
        perform(tasks(bench, args.only, args.data), plan.at_once)
    write_report(results, plan, args.output)


def tasks(bench: Bench, names: list[str], data: Path) -> Iterator[Callable[[], None]]:
    """List what is to be measured: round by round, and then models with more trees."""
    for _ in range(bench.plan.rounds):
        for name in SERVICES:
            if name in names:
                yield partial(bench.service, name)
        if IN_PROCESS in names:
            yield bench.in_process
    if TREES in names:
        yield partial(bench.trees, data)


def perform(tasks: Iterator[Callable[[], None]], at_once: int) -> None:
    """Do one task after the other, or several at once where times do not matter."""
    if at_once == 1:
        for task in tasks:
            task()
        return
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for done in [pool.submit(task) for task in tasks]:
                done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def count_steps(plan: Plan, names: list[str]) -> int:
    """Count what is shown as steps."""
    services = sum(1 + len(plan.works(name)) for name in SERVICES if name in names)
    a_round = services + (OURS in names) + (IN_PROCESS in names)
    trees = 1 + plan.tree_rounds * 3 * len(plan.trees) if TREES in names else 0
    return 1 + plan.rounds * a_round + trees


def options() -> argparse.Namespace:
    """Read the command line."""
    cores = [str(core) for core in sorted(os.sched_getaffinity(0))]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--rounds", type=int, default=Plan.rounds, help="of all services (%(default)s)")
    add("--seconds", type=float, default=Plan.seconds, help="a measurement (%(default)s)")
    add("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    add("--tiny", action="store_true", help="one round of moments, to see that it works")
    add("--output", type=Path, default=Path(__file__).parent, help="folder of the results")
    add("--data", type=Path, default=find_data(), help="CSV or Parquet")
    add("--server-core", metavar="CORE", default=cores[0], help="of the services (%(default)s)")
    add("--load-core", metavar="CORE", default=cores[-1], help="of wrk (%(default)s)")
    args = parser.parse_args()
    if args.tiny:  # times do not matter, and starting takes most of them
        args.server_core = args.load_core = ",".join(cores)
    return args


def find_data() -> Path:
    """Prefer the real data to the sample."""
    folder = PROJECT / "data"
    named = os.environ.get("CREDIT_RISK_REAL_DATA")
    places = [Path(named)] if named else []
    places += [folder / "CreditScoring.csv", folder / "sample.csv"]
    return next(place for place in places if place.exists()).resolve()


def refuse_to_start_without_tools() -> None:
    """Say which Debian package is missing.

    Raises:
        BenchmarkError: if one is.
    """
    for command, package in NEEDED.items():
        if shutil.which(command) is None:
            msg = f"{command} was not found: install the package {package}"
            raise BenchmarkError(msg)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that the services end too
    try:
        refuse_to_start_without_tools()
        main()
    except BenchmarkError as error:
        sys.exit(f"benchmark: {error}")
    except KeyboardInterrupt:
        sys.exit("benchmark: interrupted")
