"""Run the tests with each other Python that fits and is installed; `make test-pythons` runs this.

    python deploy/pythons.py -m "not system" tests

Each has an environment of its own, `.venv-3.12`, which is made where it is not there or the lock
has changed. Only packages are downloaded, no Python. What is given goes to pytest.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
VERSIONS = ("3.12", "3.13")
"""Beside 3.11, with which `make test` runs the tests."""
OF_PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
SECTION = "dev-packages"


def main(arguments: list[str]) -> None:
    """Test with each Python, and exit with 1 if a test fails."""
    codes = [run_tests(version, arguments) for version in VERSIONS]
    sys.exit(any(codes))


def run_tests(version: str, arguments: list[str]) -> int:
    """Run the tests with a version of Python; returns the exit code, 0 where it is not found."""
    python = find(version)
    if python is None:
        say(f"Python {version} was not found, neither as python{version} nor in {OF_PYENV}")
        return 0
    folder = PROJECT / f".venv-{version}"
    if not is_complete(folder):
        say(f"Python {version} is {python}; its environment is made in {folder.name}")
        install = [python, PROJECT / "deploy" / "environment.py", SECTION]
        subprocess.run(install, env=os.environ | {"VENV": folder.name}, check=True)  # noqa: S603  our own
    say(f"The tests run with Python {version}")
    command = [folder / "bin" / "python", "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode  # noqa: S603  our own


def find(version: str) -> str | None:
    """Path of an installed Python that runs: pyenv's commands do so only for its chosen version."""
    name = f"python{version}"
    tried = [shutil.which(name), *sorted(OF_PYENV.glob(f"{version}.*/bin/{name}"))]
    for path in filter(None, tried):
        asked = [path, "-c", "import sys; print(sys.executable)"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603  our own
        if done.returncode == 0:
            return done.stdout.strip()
    return None


def is_complete(folder: Path) -> bool:
    """Whether everything was installed since the lock was last written."""
    installed = folder / f".installed-{SECTION}"
    requirements = (PROJECT / "deploy" / "requirements").glob("*.txt")
    newest = max(each.stat().st_mtime for each in requirements)
    return installed.exists() and installed.stat().st_mtime >= newest


def say(sentence: str) -> None:
    """Print a sentence before what comes next prints."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
