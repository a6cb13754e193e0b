"""Find files that must never ship: secrets and applicants' data, by name and by content."""

import re
from pathlib import Path

NAMES = re.compile(
    r"(^|/)(\.env|\.netrc|\.git|pip\.conf|credentials?|id_\w+)(/|\.|$)"
    r"|\.(csv|parquet|jsonl|pem|key|env|log)$"
)
CONTENT = re.compile(
    rb"AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY|crk_[\w-]{16,}|://[^/\s:]+:[^/\s]+@"
)


def leaks(folder: Path) -> list[str]:
    """Names of the files below a folder that must not ship."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return [
        name
        for name, path in sorted(files.items())
        if path.is_file() and (NAMES.search(name) or CONTENT.search(path.read_bytes()))
    ]
