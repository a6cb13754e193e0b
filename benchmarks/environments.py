"""Make an environment for each peer whose packages do not go with the project's.

    python -m benchmarks.environments               all three; downloads some two gigabytes
    python -m benchmarks.environments litserve      one of them

Each has the service's own packages too, as locked, since all peers load the same model and validate
in the same way. An environment that is there is made anew.
"""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from typing import Final

from benchmarks.machine import PROJECT
from benchmarks.services import SERVICES

PEERS: Final = {name: each for name, each in SERVICES.items() if each.package}
OLDER: Final = {"mlserver": ("starlette",)}
"""Packages of which a peer needs another version than the locked one."""


def main(names: list[str]) -> None:
    """Make the environments."""
    for name in names or PEERS:
        package, commands = PEERS[name].package, PEERS[name].commands
        sys.stdout.write(f"{commands.parent.name}: {package}\n")
        sys.stdout.flush()
        venv.create(commands.parent, clear=True, with_pip=True)
        install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        wanted = (package, *locked(OLDER.get(name, ())))
        subprocess.run((commands / "python", *install, *wanted), check=True)


def locked(but: tuple[str, ...]) -> Iterator[str]:
    """List the service's packages with their versions."""
    lock = json.loads((PROJECT / "Pipfile.lock").read_text(encoding="utf-8"))
    for name, entry in lock["default"].items():
        if name not in but:
            marker = f"; {entry['markers']}" if "markers" in entry else ""
            yield f"{name}{entry['version']}{marker}"


if __name__ == "__main__":
    main(sys.argv[1:])
