"""Run ``python -m credit_risk.decision_log`` under its former name."""

import runpy
import sys

if __name__ == "__main__":
    print(  # noqa: T201  a command speaks
        "python -m credit_risk.decisions is now python -m credit_risk.decision_log", file=sys.stderr
    )
    runpy.run_module("credit_risk.decision_log", run_name="__main__")
