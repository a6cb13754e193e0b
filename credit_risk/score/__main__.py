"""Begins the command; Ctrl-C ends it with one sentence, already while it loads."""

import signal
import sys
from typing import NoReturn

ENDINGS = (signal.SIGINT, signal.SIGTERM)


def interrupt(ending: int, _: object) -> NoReturn:
    """End with one sentence."""
    for each in ENDINGS:
        signal.signal(each, signal.SIG_IGN)  # a second one would disturb the tidying up
    scores = "verify" not in sys.argv[1:2]
    what = "the same command goes on where it stopped" if scores else "nothing was changed"
    sys.stderr.write(
        f"\ninterrupted; {what}\n" if sys.stderr.isatty() else f"interrupted; {what}\n"
    )
    sys.exit(128 + ending)


if __name__ == "__main__":
    for ending in ENDINGS:
        signal.signal(ending, interrupt)

    from credit_risk.score.command import main

    sys.exit(main())
