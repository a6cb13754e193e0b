"""What commands do on a terminal: say how far they are, and end with one sentence at Ctrl-C."""

import signal
import sys
from collections.abc import Callable
from typing import Final, NoReturn

ENDINGS: Final = (signal.SIGINT, signal.SIGTERM)


def show_share(share: float) -> None:
    """Say which share is done, 0 to 1; nothing without a terminal."""
    if sys.stderr.isatty():
        print(f"\r{share:4.0%}", end="\r" if share < 1 else "\n", file=sys.stderr, flush=True)


def end_with_a_sentence(about: Callable[[], str]) -> None:
    """Have Ctrl-C and SIGTERM end the process with one sentence; ``about`` says what of it."""

    def interrupt(ending: int, _: object) -> NoReturn:
        for each in ENDINGS:
            signal.signal(each, signal.SIG_IGN)  # a second one would disturb the tidying up
        start = "\n" if sys.stderr.isatty() else ""
        sys.stderr.write(f"{start}interrupted; {about()}\n")
        sys.exit(128 + ending)

    for ending in ENDINGS:
        signal.signal(ending, interrupt)
