"""Measure our service and its peers, all at once on one core, loaded with wrk from another.

    python -m benchmarks.run                        everything: about six minutes
    python -m benchmarks.run --only ours fastapi    some of it
    python -m benchmarks.run --before ../other      beside another checkout of this project
    python -m benchmarks.run --tiny --output /tmp/b just enough to see that it works

The services run on the first core that is allowed, wrk on the last. Trains the course's model in a
model store of its own, on the real data where it is at hand (CREDIT_RISK_REAL_DATA, then
data/CreditScoring.csv), else on the sample. Peers that need an environment of their own are
measured where `make bench-peers` has made it. Writes RESULTS.md with its pictures, and every number
into results.json.
"""

import argparse
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.facts import facts
from benchmarks.machine import PROJECT, BenchmarkError, Machine
from benchmarks.measure import Bench
from benchmarks.plan import Plan, trees
from benchmarks.report import write_report
from benchmarks.results import Results
from benchmarks.services import OURS, SERVICES

TREES = "trees"
NEEDED = {"wrk": "wrk", "taskset": "util-linux"}
"""Commands, and the Debian packages that they are in."""


def main() -> None:
    """Train, measure, report."""
    args = options()
    plan = Plan.tiny(args.data) if args.tiny else Plan(args.data, args.rounds, args.seconds)
    began = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:5.0f} s  {text}\n")
        sys.stdout.flush()

    cores = sorted(os.sched_getaffinity(0))
    places = (cores[:1], cores[-1:])
    if args.tiny:  # times do not matter, and starting takes most of them
        places = (cores, cores)
    with TemporaryDirectory(prefix="credit-risk-benchmark-") as home:
        machine = Machine(Path(home), *places, before=args.before)
        say(f"train on {args.data.name}")
        trained = machine.run("python", "train.py", "--course", "--data", str(args.data))
        machine = replace(machine, model=trained.split()[-1])
        services = {
            name: service
            for name, service in SERVICES.items()
            if name in args.only and (args.before or not service.before)
        }
        if TREES in args.only:
            command = ("python", "-m", "benchmarks.forest", str(args.data), *map(str, plan.trees))
            models = zip(plan.trees, machine.run(*command).split(), strict=True)
            services |= {trees(n): replace(SERVICES[OURS], model=tag) for n, tag in models}
        results = Results(facts(machine, plan))
        say(f"start {len(services)} services")
        with (
            machine.program("benchmarks.in_process") as in_process,
            machine.serving(services) as servers,
        ):
            bench = Bench(machine, plan, services, servers, in_process, results, say)
            bench.prepare()
            bench.rounds("one application a request", plan.singles())
            bench.last_memory()
            bench.rounds("many applications a request", plan.bulk())
            say("end the services")
    say(f"report to {args.output}")
    sys.stdout.write(f"\n{write_report(results, plan, args.output)}\n")


def options() -> argparse.Namespace:
    """Read the command line."""
    here = [name for name, service in SERVICES.items() if service.commands.exists()]
    names = (*here, TREES)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--rounds", type=int, default=Plan.rounds, help="of all services (%(default)s)")
    add("--seconds", type=float, default=Plan.seconds, help="of a measurement (%(default)s)")
    add("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    add("--before", type=checkout, metavar="PATH", help="another checkout of this project")
    add("--tiny", action="store_true", help="one round of moments, to see that it works")
    add("--output", type=Path, default=Path(__file__).parent, help="folder of the results")
    add("--data", type=Path, default=find_data(), help="CSV or Parquet")
    return parser.parse_args()


def checkout(path: str) -> Path:
    """Find the other checkout."""
    found = Path(path).resolve()
    if not (found / "service.py").exists():
        msg = f"{path} has no service.py"
        raise argparse.ArgumentTypeError(msg)
    return found


def find_data() -> Path:
    """Prefer the real data to the sample."""
    folder = PROJECT / "data"
    named = os.environ.get("CREDIT_RISK_REAL_DATA")
    places = [Path(named)] if named else []
    places += [folder / "CreditScoring.csv", folder / "sample.csv"]
    return next(place for place in places if place.exists()).resolve()


def refuse_to_start_without_tools() -> None:
    """Name the Debian package that is missing.

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
