"""Begins the command; Ctrl-C ends it with one sentence, already while it loads."""

import sys

from credit_risk.terminal import end_with_a_sentence

if __name__ == "__main__":
    end_with_a_sentence(lambda: "nothing was changed")

    from credit_risk.monitor.command import main

    sys.exit(main())
