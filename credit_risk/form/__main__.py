"""Draft a form from a file of loans, or check one.

::

    python -m credit_risk.form draft loans.csv --outcome COLUMN > form.py
    python -m credit_risk.form check form.py
"""

import argparse
import sys
from pathlib import Path

from credit_risk.errors import CreditRiskError
from credit_risk.form.draft import draft
from credit_risk.form.loading import load_form
from credit_risk.form.overview import overview


def main(arguments: list[str] | None = None) -> str:
    """Carry out one command; return the text to show."""
    parser = argparse.ArgumentParser(
        prog="python -m credit_risk.form",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    drafting = commands.add_parser("draft", help="write a first form from a CSV file")
    drafting.add_argument("path", type=Path, metavar="FILE")
    drafting.add_argument("--outcome", required=True, metavar="COLUMN", help="what became of it")
    checking = commands.add_parser("check", help="load a form, and say what follows from it")
    checking.add_argument("form", metavar="FORM", help="a module, or a Python file")
    options = parser.parse_args(arguments)
    try:
        if options.command == "draft":
            return draft(options.path, options.outcome)
        return overview(load_form(options.form))
    except CreditRiskError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
