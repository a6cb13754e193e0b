"""The machine and the versions that a run used, without names and paths of the machine."""

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks.machine import PROJECT, Machine
from benchmarks.plan import Plan

LIBRARIES = (
    *("bentoml", "xgboost", "scikit-learn", "numpy", "pydantic", "starlette"),
    *("uvicorn", "uvloop", "httptools", "fastapi", "flask", "gunicorn"),
)


def facts(machine: Machine, plan: Plan) -> dict[str, str]:
    """Collect what a reader needs to judge the numbers."""
    return {
        "revision": revision(PROJECT),
        **({"before": revision(machine.before)} if machine.before else {}),
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "data": plan.data.name,
        "rounds": f"{plan.rounds}, with {plan.seconds:g} s for each service",
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "cores": f"services on {machine.server_cores}, wrk on {machine.load_cores}",
        "python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
        "wrk": wrk_version(),
    }


def revision(folder: Path) -> str:
    """Name the commit of a checkout, and whether anything was changed since."""
    command = ("git", "-C", str(folder), "describe", "--always", "--exclude=*", "--dirty")
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "not known"


def processor() -> str:
    """Name the processor as Linux does."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def wrk_version() -> str:
    """Read the version that wrk prints with its usage and an exit code of 1."""
    found = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)
    return found.stdout.partition(" [")[0].removeprefix("wrk ")
