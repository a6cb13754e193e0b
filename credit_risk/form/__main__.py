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
        return _check(options.form)
    except CreditRiskError as error:
        parser.exit(2, f"{error}\n")


WAYS = {-1: "more of it never raises the probability", +1: "more of it never lowers it"}


def _check(name: str) -> str:
    form = load_form(name)
    lines = [f"{form.name}: {len(form.fields)} fields, {len(form.columns)} encoded columns"]
    for each in form.fields:
        demands = ["no model may see it"] if each.prohibited else []
        for column, way in each.directions.items():
            of_word = f"{column}: " if "=" in column else ""
            demands.append(of_word + WAYS[way])
        lines.append("; ".join([f"  {each.name} ({each.kind}), reason {each.reason}", *demands]))
    lines += [f"  {d.name} = {d.formula}, reason {d.reason}" for d in form.derived]
    return "\n".join([*lines, f"languages: {', '.join(form.sentences)}"])


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
