"""Download the real data set and check that it is the published file.

    python -m credit_risk.training.download [DESTINATION]

Knows nothing of what is in the file.
"""

import hashlib
import os
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import urlopen

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from credit_risk.errors import DataError

__all__ = ["download", "main", "stream"]

URL: Final = "https://raw.githubusercontent.com/gastonstat/CreditScoring/master/CreditScoring.csv"
SHA256: Final = "b42d4fb62b3c1e3428b295d1f152e71ec79e003f86cfa23d7ddb1fc7ea1f624f"
DESTINATION: Final = Path("data/CreditScoring.csv")
TIMEOUT: Final = 30  # seconds without a byte
MAX_BYTES: Final = 1_000_000_000
PIECE: Final = 65_536  # bytes


def stream(url: str, max_bytes: int = MAX_BYTES) -> Iterator[tuple[bytes, int | None]]:
    """Yield what an http(s) URL answers in pieces, each with the whole size in bytes if told.

    Raises:
        DataError: if it cannot be reached, ends early, or is larger than ``max_bytes``.
    """
    shown = re.sub(r"(?<=//)[^/]*@|[?#].*", "", url)  # a password or token stays out of messages
    received, total = 0, None
    try:
        with urlopen(url, timeout=TIMEOUT) as response:  # noqa: S310  callers pass http(s) only
            total = response.length
            while piece := response.read(PIECE):
                received += len(piece)
                if max(received, total or 0) > max_bytes:
                    raise DataError(shown, f"found more than the {max_bytes:,} bytes expected")
                yield piece, total
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()
        reason = str(error if isinstance(error, HTTPError) else getattr(error, "reason", error))
        raise DataError(
            shown, f"cannot be reached: {reason[:100] or type(error).__name__}"
        ) from None
    if total is not None and received < total:
        raise DataError(shown, f"found {received:,} bytes, expected {total:,}; try again")


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
            task = progress.add_task(destination.name)
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
        print(
            f"The data set was not downloaded. {error}.\n"
            f"Download {url} in a browser and save it as {destination}, or train on a file of\n"
            "your own with `make train DATA=path`, or go on with the sample data/sample.csv.",
            file=sys.stderr,
        )
        return 1
    print(f"{destination} is {'there now' if fetched else 'there already'}; its SHA-256 is right.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
