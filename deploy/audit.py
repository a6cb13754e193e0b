"""Look up every package of Pipfile.lock in the database of known vulnerabilities.

python deploy/audit.py [further options of pip-audit, as -s osv or --ignore-vuln ID]

`make audit` runs this. It ends with 0 if every package was looked up and none has a known
vulnerability, with 1 if one has, and with 2 if any could not be looked up: nothing is known of it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "Pipfile.lock"
VULNERABLE, NOT_KNOWN = 1, 2


def main() -> None:
    """Ask, and say what came out."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    packages = lock["notebook"] | lock["training"] | lock["develop"] | lock["default"]
    answer, complaint = look_up(packages)
    lines, code = judge(answer, all_names=set(packages), ships=set(lock["default"]))
    sys.stdout.write("\n".join([*lines, *complaint[-1:], ""]))
    sys.exit(code)


def look_up(packages: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """What pip-audit answers about packages, and the lines of its complaint if it cannot."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as requirements:
        for name, entry in packages.items():  # without markers: for every platform
            hashes = " ".join(f"--hash={each}" for each in entry["hashes"])
            requirements.write(f"{name}{entry['version']} {hashes}\n")
        requirements.flush()
        command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip"]
        command += ["--format", "json", "--progress-spinner", "off", "-r", requirements.name]
        asked = subprocess.run(  # noqa: S603  our own arguments
            [*command, *sys.argv[1:]], capture_output=True, text=True, check=False
        )
    if not asked.stdout:  # nothing answered, or it was told nonsense
        return [], asked.stderr.strip().splitlines()
    return json.loads(asked.stdout)["dependencies"], []


def judge(
    answer: list[dict[str, Any]], all_names: set[str], ships: set[str]
) -> tuple[list[str], int]:
    """Say what was found, in lines, and the exit code."""
    known = [each for each in answer if "vulns" in each]
    lines = [
        f"VULNERABLE: {each['name']} {each['version']}, "
        f"{'which ships' if each['name'] in ships else 'for development only'}: {hole['id']}, "
        f"fixed in {', '.join(hole['fix_versions']) or 'no version'}"
        for each in known
        for hole in each["vulns"]
    ]
    code = VULNERABLE if lines else 0
    silent = all_names - {each["name"] for each in known}
    if not silent:
        return [*lines, f"{len(known)} packages were looked up."], code
    which = ", ".join(sorted(silent)) if known else "all"
    lines.append(
        "NOT AUDITED: the database of known vulnerabilities could not be reached, or does not "
        f"know them, so nothing is known of {len(silent)} packages: {which}."
    )
    return lines, code or NOT_KNOWN


if __name__ == "__main__":
    main()
