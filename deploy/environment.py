"""Make the environment, .venv, from the lock; `make` runs this where something is missing.

    python deploy/environment.py training

Installs the packages of the service, of the sections that are named, and of those that were
named before, and removes all others. It takes the hashed requirements that `make lock` wrote, and
uv, whose own wheel comes first, by pip. An index, a certificate or a proxy that pip is set up for
is uv's, too. The variable VENV names another folder than .venv. Needs nothing but Python.
"""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

PROJECT = Path(__file__).parents[1]
REQUIREMENTS = PROJECT / "deploy" / "requirements"
VENV = PROJECT / os.environ.get("VENV", ".venv")
PYTHON = VENV / "bin" / "python"
INSTALLED = ".installed-"
"""Prefix of an empty file in ``.venv`` for each section that is installed."""


def main(sections: list[str]) -> None:
    """Install the sections."""
    began = monotonic()
    before = [each.name.removeprefix(INSTALLED) for each in VENV.glob(f"{INSTALLED}*")]
    wanted = {"packages", *sections, *before}
    if "dev-packages" in wanted:  # which has them once more
        wanted.add("training")
    _say(f"Installing {', '.join(sorted(wanted))} of the lock into {VENV.name}")
    if not PYTHON.exists():
        _run(
            [sys.executable, "-m", "venv", "--clear", VENV],
            "expected the module venv: Debian has it in python3-venv",
        )
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        by_pip = "-m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r"
        _run([PYTHON, *by_pip.split(), REQUIREMENTS / "uv.txt"], "see above")
    files = [REQUIREMENTS / f"{section}.txt" for section in sorted(wanted)]
    sync = ["pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes"]
    _run([uv, *sync, *files], "see above", **_settings_of_pip())
    for section in wanted:
        (VENV / f"{INSTALLED}{section}").touch()
    _say(f"Installed in {monotonic() - began:.0f} s")


def _settings_of_pip() -> dict[str, str]:
    """What pip's settings are in the environment of uv, which does not read them."""
    command = [PYTHON, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own
    found = {}
    for line in done.stdout.splitlines():  # files before environment, so that the latter wins
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = value.strip("'\"")
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY"}
    return {
        variable: found[name]
        for name, variable in names.items()
        if name in found and variable not in os.environ
    }


def _run(command: list[str | Path], fix: str, **variables: str) -> None:
    done = subprocess.run(  # noqa: S603  our own
        command, env=os.environ | variables, cwd=PROJECT, check=False
    )
    if done.returncode:
        sys.exit(f"The environment was not made: {Path(command[0]).name} failed; {fix}.")


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
