"""Run ``python -m credit_risk.decision_log`` under its former name."""

import sys

from credit_risk.decision_log.__main__ import main

if __name__ == "__main__":
    print(  # noqa: T201  a command speaks
        "python -m credit_risk.decisions is now python -m credit_risk.decision_log", file=sys.stderr
    )
    sys.exit(main())
