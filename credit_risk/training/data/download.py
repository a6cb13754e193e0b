"""Download files of loans; as a command, the real data set.

    python -m credit_risk.training.data.download [DESTINATION]

Requests transfers. Pooch, which is made for this, does not keep what is promised here: it takes
files of any size, logs URLs with their tokens, leaves connections open after an error, and makes
files that only their owner can read.
"""

import hashlib
import os
import re
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from http.client import IncompleteRead
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from credit_risk.errors import DataError
from credit_risk.training.data.wording import cut, first_sentence

URL: Final = "https://raw.githubusercontent.com/gastonstat/CreditScoring/master/CreditScoring.csv"
SHA256: Final = "b42d4fb62b3c1e3428b295d1f152e71ec79e003f86cfa23d7ddb1fc7ea1f624f"
DESTINATION: Final = Path("data/CreditScoring.csv")
TIMEOUT: Final = 30  # seconds without a byte
MAX_BYTES: Final = 1_000_000_000
PIECE: Final = 65_536  # bytes
MAX_HOPS: Final = 10  # the first URL is one


def fetch(url: str, max_bytes: int = MAX_BYTES) -> bytes:
    """Return what an http(s) URL answers with; show the progress on standard error.

    The name and password of a URL are sent to its own host, and to no other that it redirects to.

    Raises:
        DataError: if it cannot be reached, ends early, or is larger than ``max_bytes``. The message
            names the URL without passwords and tokens.
    """
    shown, content = _without_secrets(url), bytearray()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    try:
        with _open(url) as response, Progress(*columns, console=Console(stderr=True)) as progress:
            response.raise_for_status()
            total = int(response.headers.get("Content-Length", 0))
            task = progress.add_task(shown.rpartition("/")[2], total=total or None)
            for piece in response.iter_content(PIECE):
                content += piece
                if max(len(content), total) > max_bytes:
                    raise DataError(shown, f"found more than the {max_bytes:,} bytes expected")
                progress.update(task, completed=len(content))
    except (OSError, ValueError) as error:
        raise DataError(shown, f"cannot be reached: {_reason(error)}") from None
    return bytes(content)


class _Session(requests.Session):
    """Follows no redirect: Requests would read the body of each, whatever its size."""

    def get_redirect_target(self, _: requests.Response) -> None:
        return None


def _open(url: str) -> requests.Response:
    """Ask for a URL, and for those that it redirects to.

    Raises:
        DataError: for too many redirects, or one to another scheme or from https to http.
    """
    shown, first = _without_secrets(url), urlsplit(url)
    known = tuple(unquote(part or "").encode() for part in (first.username, first.password))
    for _ in range(MAX_HOPS):
        here = urlsplit(url)
        auth = known if first.username and _origin(here) == _origin(first) else None
        response = _Session().get(url, auth=auth, stream=True, timeout=TIMEOUT)
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(url, response.headers["Location"])
        allowed = ("https",) if here.scheme.lower() == "https" else ("http", "https")
        if urlsplit(url).scheme.lower() not in allowed:
            target = cut(_without_secrets(url))
            problem = f"found a redirect to {target!r}, expected one to {' or '.join(allowed)}"
            raise DataError(shown, problem)
    raise DataError(shown, f"found more than {MAX_HOPS} redirects, expected a file")


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    """Return what is the same wherever a password may be sent again."""
    return url.scheme.lower(), url.hostname, url.port


def _without_secrets(url: str) -> str:
    """Remove passwords and tokens from a URL, from one with a / in its password too."""
    if re.match(r"\w+://[^/@]*:[^/@]*[^/@\d][^/@]*/[^?#]*@", url):
        url = re.sub(r"(?<=//).*@", "", url)
    return re.sub(r"(?<=//)[^/]*@|[?#].*", "", url)


def _reason(error: BaseException) -> str:
    """Give the cause of an error without the URL, which requests repeats with its secrets."""
    if isinstance(error, requests.HTTPError):
        return first_sentence(f"HTTP Error {error.response.status_code}: {error.response.reason}")
    if isinstance(error, ValueError):
        return "it is not a valid URL"
    while error.__context__:
        error = error.__context__
    if isinstance(error, IncompleteRead):  # urllib3's, which counts
        missing, received = int(error.expected or 0), int(error.partial)
        return f"found {received:,} bytes, expected {received + missing:,}; try again"
    said = str(getattr(error, "strerror", None) or error)
    return first_sentence(said) or type(error).__name__


def download(url: str, sha256: str, destination: Path) -> bool:
    """Put the file with this SHA-256 at ``destination``; a file with another one is replaced.

    Returns:
        False if it was there already and nothing was done.

    Raises:
        DataError: if the URL cannot be read or answers with another file.
        OSError: if the file cannot be written. ``destination`` is as before after either.
    """
    if destination.is_file() and hashlib.sha256(destination.read_bytes()).hexdigest() == sha256:
        return False
    destination.parent.mkdir(parents=True, exist_ok=True)
    content = fetch(url)
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise DataError(_without_secrets(url), f"found SHA-256 {found}, expected {sha256}")
    part = destination.with_name(f"{destination.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(destination)
    finally:
        part.unlink(missing_ok=True)
    return True


def main(arguments: Sequence[str] | None = None, url: str = URL, sha256: str = SHA256) -> int:
    """Download from the command line; return the exit code, 2 if the file is not there after."""
    parser = ArgumentParser(prog="download", description="Download CreditScoring.csv.")
    parser.add_argument("destination", nargs="?", type=Path, default=DESTINATION)
    destination = parser.parse_args(arguments).destination
    try:
        fetched = download(url, sha256, destination)
    except (DataError, OSError) as error:
        print(  # noqa: T201  a command's answer
            f"The data set was not downloaded. {error}.\n"
            f"Download {url} in a browser and save it as {destination}, or train on a file of\n"
            "your own with `make train DATA=path`, or go on with the sample data/sample.csv.",
            file=sys.stderr,
        )
        return 2
    when = "now" if fetched else "already"
    print(f"{destination} is there {when}; its SHA-256 is right.")  # noqa: T201  a command's answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
