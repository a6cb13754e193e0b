"""Download the real data set and check that it is the published file.

    python -m credit_risk.training.data.download [DESTINATION]

Knows nothing of what is in the file.
"""

import hashlib
import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from credit_risk.errors import DataError
from credit_risk.training.data.fetch import stream

__all__ = ["download", "main"]

URL: Final = "https://raw.githubusercontent.com/gastonstat/CreditScoring/master/CreditScoring.csv"
SHA256: Final = "b42d4fb62b3c1e3428b295d1f152e71ec79e003f86cfa23d7ddb1fc7ea1f624f"
DESTINATION: Final = Path("data/CreditScoring.csv")


def download(url: str, sha256: str, destination: Path) -> bool:
    """Put the file with this SHA-256 at ``destination``; a file with another one is replaced.

    Returns:
        False if it was there already and nothing was done.

    Raises:
        DataError: if the URL cannot be read or answers another file; ``destination`` is as before.
    """
    if destination.is_file() and hashlib.sha256(destination.read_bytes()).hexdigest() == sha256:
        return False
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(f"{destination.name}.{os.getpid()}.part")
    digest = hashlib.sha256()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    try:
        with part.open("wb") as file, Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(destination.name, total=None)
            for piece, total in stream(url):
                file.write(piece)
                digest.update(piece)
                progress.update(task, advance=len(piece), total=total)
        if digest.hexdigest() != sha256:
            raise DataError(url, f"found SHA-256 {digest.hexdigest()}, expected {sha256}")
        part.replace(destination)
    finally:
        part.unlink(missing_ok=True)
    return True


def main(arguments: Sequence[str] | None = None, url: str = URL, sha256: str = SHA256) -> int:
    """Download from the command line; return the exit code, 1 if the file is not there after."""
    parser = ArgumentParser(prog="download", description="Download CreditScoring.csv.")
    parser.add_argument("destination", nargs="?", type=Path, default=DESTINATION)
    destination = parser.parse_args(arguments).destination
    try:
        fetched = download(url, sha256, destination)
    except (DataError, OSError) as error:
        print(  # noqa: T201  a command speaks
            f"The data set was not downloaded. {error}.\n"
            f"Download {url} in a browser and save it as {destination}, or train on a file of\n"
            "your own with `make train DATA=path`, or go on with the sample data/sample.csv.",
            file=sys.stderr,
        )
        return 1
    when = "now" if fetched else "already"
    print(f"{destination} is there {when}; its SHA-256 is right.")  # noqa: T201  a command speaks
    return 0


if __name__ == "__main__":
    sys.exit(main())
