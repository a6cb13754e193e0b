"""Watch what a model decides: drift of applications, and outcomes of loans.

::

    python -m credit_risk.monitor drift LOG --to drift.html
    python -m credit_risk.monitor outcomes LOG OUTCOMES.csv --to outcomes.html

LOG is the folder of a decision log, or one file of it. `COMMAND --help` says what a command does
and how it ends.
"""

import argparse
import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bentoml.exceptions import BentoMLException

from audit_log import AuditLogError
from credit_risk.errors import CreditRiskError, UsageError

ALERT: Final = 1
FAILED: Final = 2
DRIFT: Final = """Compare decisions with the loans that their model learned from.

LOG is a decision log, or a table that `python -m credit_risk.score` wrote. Ends with 0 if nothing
has drifted, 1 if something has, 2 if that cannot be found out: the log is broken, or there are
fewer than 200 decisions.
"""
OUTCOMES: Final = """Compare outcomes of loans with what was predicted of them.

OUTCOMES is CSV with the columns id (of the decision) or reference, outcome (default, repaid, or the
codes of the form) and date; override, if it is there, is what a person decided. Ends with 0 if the
outcomes are as predicted, 1 if chance does not explain them, 2 if that cannot be found out.
"""


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; returns the exit code."""
    options = _options(arguments)
    try:
        if options.to and options.to.suffix != ".html":
            msg = f"--to: found {options.to.name[:100]!r}, expected a name that ends in .html"
            raise UsageError(msg)
        return int(options.carry_out(options))
    except (AuditLogError, CreditRiskError, BentoMLException) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        print(f"{Path(str(error.filename)).name[:100]}: {said}", file=sys.stderr)
    return FAILED


def _options(arguments: list[str] | None) -> argparse.Namespace:
    how: Any = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser(
        prog="python -m credit_risk.monitor", description=__doc__, **how
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    drift = commands.add_parser("drift", help="of applications", description=DRIFT, **how)
    outcomes = commands.add_parser("outcomes", help="of loans", description=OUTCOMES, **how)
    for each, carry_out in ((drift, _drift), (outcomes, _outcomes)):
        each.add_argument("log", type=Path, metavar="LOG", help="folder of a log, or a file of it")
        each.set_defaults(carry_out=carry_out)
    outcomes.add_argument("outcomes", type=Path, metavar="OUTCOMES", help="CSV")
    drift.add_argument(
        *("--window",),
        type=_days,
        metavar="DAYS",
        default=timedelta(days=30),
        help="up to the latest decision; 30d without it",
    )
    for each in (drift, outcomes):
        each.add_argument("--to", type=Path, metavar="PAGE", help="a report with pictures, HTML")
        each.add_argument("--json", action="store_true", help="print JSON instead of text")
        each.add_argument("--model", metavar="TAG", help="that decided; the newest without it")
    return parser.parse_args(arguments)


def _days(text: str) -> timedelta:
    number = text.removesuffix("d")
    if not (number.isascii() and number.isdecimal() and 0 < len(number) < 6 and int(number)):  # noqa: PLR2004  a century has 36,525
        msg = f"found {text[:20]!r}, expected a number of days such as 30d"
        raise argparse.ArgumentTypeError(msg)
    return timedelta(days=int(number))


def _drift(options: argparse.Namespace) -> int:
    from credit_risk.monitor import watch_drift  # noqa: PLC0415  its libraries load slowly

    found = watch_drift.watch(options.log, options.window, options.model)
    _give(options, found.as_dict(), watch_drift.as_text(found), lambda: watch_drift.as_page(found))
    return ALERT if found.alerts else 0


def _outcomes(options: argparse.Namespace) -> int:
    from credit_risk.monitor import watch_outcomes  # noqa: PLC0415  its libraries load slowly

    found = watch_outcomes.watch(options.log, options.outcomes, options.model)
    page = watch_outcomes.as_page
    _give(options, found.as_dict(), watch_outcomes.as_text(found), lambda: page(found))
    return ALERT if found.judged.alarms else 0


def _give(options: argparse.Namespace, values: Any, text: str, page: Any) -> None:  # noqa: ANN401  JSON and a function
    if options.to:
        options.to.write_text(page(), encoding="utf-8")
    print(json.dumps(values, indent=2) if options.json else text)
