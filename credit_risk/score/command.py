"""Score a file of applications: the service's own answers, a row each.

::

    python -m credit_risk.score applications.csv --to answers.parquet
    python -m credit_risk.score verify answers.parquet

IN is CSV (commas, semicolons or tabs; plain or gzip), Parquet or XLSX; its columns are found by
name, in any order, with the words of a request or the codes of the training file. A bad row gets
its error, and the others are scored. A run that was stopped goes on when the same command is given
again. Ends with 0 if all rows were scored, 1 if some were refused, 2 if the file could not be
scored.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any, Final

from bentoml.exceptions import BentoMLException

from credit_risk.errors import CreditRiskError, UsageError

DIFFERENT = REFUSED = 1
FAILED: Final = 2
AGAIN: Final = "mend that, and the same command goes on where it stopped"
VERIFY: Final = """Score rows of a table of answers again, and compare to the last bit.

Ends with 0 if nothing is different, 1 if something is, and says what; 2 if it cannot be found out.
"""


def main(arguments: list[str] | None = None) -> int:
    """Score a file, or verify a table; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    verifies = given[:1] == ["verify"]
    options = _verify_options(given[1:]) if verifies else _options(given)
    try:
        return _verify(options) if verifies else _score(options)
    except (CreditRiskError, BentoMLException) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        then = "" if verifies else f"; {AGAIN}"
        print(f"{Path(str(error.filename)).name[:100]}: {said}{then}", file=sys.stderr)
    return FAILED


def _parser(command: str, about: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"python -m credit_risk.{command}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = _parser("score", __doc__)
    parser.add_argument("file", type=Path, metavar="IN", help="CSV, Parquet or XLSX")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="OUT", help="ends in .parquet, .csv or .xlsx"
    )
    parser.add_argument("--keep", default="all", metavar="all|none|A,B", help="columns of IN")
    parser.add_argument("--reasons", choices=("none", "codes", "full"), default="codes")
    parser.add_argument("--model", metavar="TAG", help="of the store; as the service's without it")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="instead of the model's own")
    parser.add_argument("--language", metavar="EN", help="of full reasons; English without it")
    parser.add_argument("--workers", type=_positive, default=1, metavar="N", help="processes")
    parser.add_argument("--dask", metavar="ADDRESS", help="of a scheduler, whose workers score")
    parser.add_argument("--url", help="of a running service, which scores instead of a model here")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="has an API key for it")
    parser.add_argument("--force", action="store_true", help="replace OUT, or what was begun of it")
    return parser.parse_args(arguments)


def _verify_options(arguments: list[str]) -> argparse.Namespace:
    parser = _parser("score verify", VERIFY)
    parser.add_argument("table", type=Path, metavar="OUT", help="its manifest is beside it")
    parser.add_argument("--rows", type=_positive, default=10_000, metavar="N", help="of the sample")
    parser.add_argument("--against", metavar="URL", help="of a service that scores the sample")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="has an API key for it")
    parser.add_argument("--input", type=Path, metavar="IN", help="if it is no longer where it was")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="if OUT was made with one")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        msg = f"found {text[:20]!r}, expected a number from 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _score(options: argparse.Namespace) -> int:
    summary = _steps().score(options)
    print(f"{summary.rows:,} rows in {options.to}")
    for what, counts in (("", summary.outcomes), ("refused for ", summary.refused)):
        for name, count in counts.most_common():
            print(f"{count:>12,}  {what}{name}")
    return REFUSED if summary.refused else 0


def _verify(options: argparse.Namespace) -> int:
    manifest, difference = _steps().verify(options)
    if difference:
        print(difference, file=sys.stderr)
        return DIFFERENT
    rows = min(options.rows, manifest.counts.rows)
    whole = f"{manifest.counts.rows:,} rows in {options.table}"
    print(f"{rows:,} of {whole} are the same to the last bit")
    return 0


def _steps() -> Any:  # noqa: ANN401  a module
    try:
        from credit_risk.score import scoring  # noqa: PLC0415  pyarrow is not among what serves
    except ImportError:
        msg = "scoring files needs pyarrow, which is not installed; run: pip install pyarrow"
        raise UsageError(msg) from None
    return scoring
