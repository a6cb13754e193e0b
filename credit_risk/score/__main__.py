"""Begins the command; Ctrl-C ends it with one sentence, already while it loads."""

import sys

from credit_risk.terminal import end_with_a_sentence


def what_of_it() -> str:
    """Say what becomes of what was begun."""
    scores = "verify" not in sys.argv[1:2]
    return "the same command goes on where it stopped" if scores else "nothing was changed"


if __name__ == "__main__":
    end_with_a_sentence(what_of_it)

    from credit_risk.score.command import main

    sys.exit(main())
