"""Tidy Pipfile.lock, and write what uv and pip install of it; `make lock` runs this.

Out of the lock goes what does not belong there. No registry's address: each machine has its own.
No ``nvidia-nccl-cu12``: XGBoost asks for this half gigabyte for training on several GPUs, and
works without it on the CPU.

Each section of the Pipfile becomes a file of hashed requirements, ``deploy/requirements``. So
neither a ``make`` target nor the image needs pipenv. ``uv.txt`` is what installs the others.
"""

import json
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
LOCK = PROJECT / "Pipfile.lock"
REQUIREMENTS = PROJECT / "deploy" / "requirements"
SECTIONS = {
    "packages": "default",
    "training": "training",
    "files": "files",
    "dask": "dask",
    "spark": "spark",
    "notebook": "notebook",
    "dev-packages": "develop",
}
"""Names of a section in the Pipfile and in the lock."""
NOT_NEEDED = ("nvidia-nccl-cu12",)

Entry = dict[str, Any]


def tidy(lock: dict[str, Any]) -> None:
    """Take out of a lock what does not belong there."""
    lock["_meta"]["sources"] = []
    for section in SECTIONS.values():
        for package in NOT_NEEDED:
            lock[section].pop(package, None)
        for entry in lock[section].values():
            entry.pop("index", None)


def requirements(entries: dict[str, Entry]) -> str:
    """Write a section of a lock as pip's hashed requirements."""
    return "".join(_requirement(name, entry) for name, entry in sorted(entries.items()))


def _requirement(name: str, entry: Entry) -> str:
    extras = f"[{','.join(entry['extras'])}]" if "extras" in entry else ""
    marker = f"; {entry['markers']}" if "markers" in entry else ""
    hashes = "".join(f" --hash={each}" for each in sorted(entry["hashes"]))
    return f"{name}{extras}{entry['version']}{marker}{hashes}\n"


def main() -> None:
    """Write the lock and the files of requirements."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    tidy(lock)
    LOCK.write_text(json.dumps(lock, indent=4) + "\n", encoding="utf-8")
    REQUIREMENTS.mkdir(exist_ok=True)
    uv = {"uv": lock["training"]["uv"]}
    sections = {name: lock[section] for name, section in SECTIONS.items()} | {"uv": uv}
    for name, entries in sections.items():
        text = f"# {name} of Pipfile.lock; `make lock` writes this.\n{requirements(entries)}"
        (REQUIREMENTS / f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
