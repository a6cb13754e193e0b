"""What the benchmark ran on and with. No names and no paths of the machine."""

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks.machine import Machine
from benchmarks.plan import Plan

__all__ = ["facts"]

LIBRARIES = (
    *("bentoml", "xgboost", "scikit-learn", "numpy", "pydantic", "starlette"),
    *("uvicorn", "uvloop", "httptools", "fastapi", "flask", "gunicorn"),
)


def facts(machine: Machine, plan: Plan, data: Path) -> dict[str, str]:
    """Collect what a reader needs to judge the numbers."""
    return {
        "revision": revision(),
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "data": data.name,
        "rounds": f"{plan.rounds}, {plan.seconds:g} s a measurement",
        "processor": f"{processor()}, {os.cpu_count()} cores; {machine.sharing()}",
        "python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
        "wrk": wrk_version(),
    }


def revision() -> str:
    """Name the commit that is measured, and whether anything was changed since."""
    command = ("git", "describe", "--always", "--exclude=*", "--dirty")
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "not known"


def processor() -> str:
    """Name the processor as Linux does."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def wrk_version() -> str:
    """Ask wrk, which prints its version with its usage and an exit code of 1."""
    found = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)
    return found.stdout.partition(" [")[0].removeprefix("wrk ")
