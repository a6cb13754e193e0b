"""Verify, replay, export and shorten a decision log.

::

    python -m credit_risk.decision_log verify PATH
    python -m credit_risk.decision_log replay PATH
    python -m credit_risk.decision_log export PATH --to decisions.parquet
    python -m credit_risk.decision_log remove PATH --older-than 400d

PATH is the folder of a log, or one file of it. Ends with 0 if all is well, 1 if the log is broken
or a decision comes out otherwise, 2 if the command cannot be carried out, as where no log is, 3 if
a decision could not be replayed and none came out otherwise.
"""

import argparse
import sys
from datetime import timedelta
from pathlib import Path

from audit_log import AuditLogError, BrokenLogError, remove_old, verify
from credit_risk.decision_log.export import FORMATS, export
from credit_risk.decision_log.replay import replay
from credit_risk.decision_log.settings import DECISIONS
from credit_risk.errors import CreditRiskError
from credit_risk.terminal import show_share

WRONG, USAGE, NOT_REPLAYED = 1, 2, 3
LONGEST = 36_500
"""Days that a log is kept, at most: a century."""


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m credit_risk.decision_log",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command, about in (
        (_verify, "check that every line of every file is as it was written"),
        (_replay, "decide again on everything, with the models that decided, and compare"),
        (_export, f"write one table; its name ends in {' or '.join(FORMATS)}"),
        (_remove, "remove old files, whole ones only"),
    ):
        sub = commands.add_parser(command.__name__[1:], help=about, description=about)
        sub.add_argument("path", type=Path, metavar="PATH", help="folder of a log, or a file of it")
        sub.set_defaults(carry_out=command)
    commands.choices["export"].add_argument("--to", type=Path, required=True, metavar="TABLE")
    commands.choices["remove"].add_argument(
        "--older-than", type=_days, required=True, metavar="DAYS", help="such as 400d"
    )
    options = parser.parse_args(arguments)
    try:
        return int(options.carry_out(options))
    except BrokenLogError as error:
        print(error, file=sys.stderr)
        return WRONG
    except (AuditLogError, CreditRiskError) as error:
        print(error, file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"{str(error.filename)[:100]}: {error.strerror or error}", file=sys.stderr)
        return USAGE


def _verify(options: argparse.Namespace) -> int:
    broken = files = entries = 0
    for finding in verify(options.path, DECISIONS):
        said = [finding.problem or "ok", *finding.notes]
        print(f"{finding.path.name}: {finding.entries} decisions: {'; '.join(said)}")
        files += 1
        entries += finding.entries
        broken += finding.problem is not None
    print(f"{files} files, {entries} decisions, {broken} files broken")
    return WRONG if broken else 0


def _replay(options: argparse.Namespace) -> int:
    found = replay(options.path, show_share)
    for each in found.differences:
        print(f"{each.id}: {each.what}: then {each.then!r}, now {each.now!r}")
    for why, number in found.skipped.items():
        print(f"{number} not replayed: {why}")
    for note in sorted(found.notes):
        print(note)
    print(f"{found.same} decisions the same, {found.different} different")
    if found.different:
        return WRONG
    return NOT_REPLAYED if found.skipped else 0


def _export(options: argparse.Namespace) -> int:
    print(f"{export(options.path, options.to, show_share)} decisions in {options.to}")
    return 0


def _remove(options: argparse.Namespace) -> int:
    removed = 0
    for path in remove_old(options.path, DECISIONS, options.older_than):
        print(path.name)
        removed += 1
    print(f"{removed} files removed")
    return 0


def _days(text: str) -> timedelta:
    number = text.removesuffix("d")
    if not number.isdecimal() or len(number) > len(str(LONGEST)) or int(number) > LONGEST:
        msg = f"found {text[:100]!r}, expected a number of days such as 400d, at most {LONGEST}"
        raise argparse.ArgumentTypeError(msg)
    return timedelta(days=int(number))


if __name__ == "__main__":
    sys.exit(main())
