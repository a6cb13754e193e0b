"""Score a file of applications: the service's own answers, a row each.

::

    python -m credit_risk.score applications.csv --to answers.parquet

IN is CSV (commas, semicolons or tabs; plain or gzip), Parquet or XLSX; its columns are found by
name, in any order, with the words of a request or the codes of the training file. A bad row gets
its error, and the others are scored. Ends with 0 if all rows were scored, 1 if some were refused,
2 if the file could not be scored.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bentoml.exceptions import BentoMLException

from credit_risk.decision import read_policy
from credit_risk.errors import CreditRiskError, UsageError
from credit_risk.registry import (
    CreditRiskModel,
    PolicyFile,
    StoredModel,
    calls_of,
    configured_policy,
    load_checked,
    model_tag,
)

if TYPE_CHECKING:
    from credit_risk.files import Summary

REFUSED, FAILED = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Score a file; returns the exit code."""
    options = _options(arguments)
    try:
        summary = _score(options)
    except (CreditRiskError, BentoMLException) as error:
        print(error, file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"{str(error.filename)[:100]}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    print(f"{summary.rows:,} rows in {options.to}")
    for what, counts in (("", summary.outcomes), ("refused for ", summary.refused)):
        for name, count in counts.most_common():
            print(f"{count:>12,}  {what}{name}")
    return REFUSED if summary.refused else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m credit_risk.score",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="IN", help="CSV, Parquet or XLSX")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="OUT", help="ends in .parquet, .csv or .xlsx"
    )
    parser.add_argument("--keep", default="all", metavar="all|none|A,B", help="columns of IN")
    parser.add_argument("--reasons", choices=("none", "codes", "full"), default="codes")
    parser.add_argument("--model", metavar="TAG", help="of the store; as the service's without it")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="instead of the model's own")
    parser.add_argument("--force", action="store_true", help="replace OUT if it is there")
    return parser.parse_args(arguments)


def _score(options: argparse.Namespace) -> "Summary":
    try:
        from credit_risk.files import (  # noqa: PLC0415  pyarrow is not among what serves
            BatchScorer,
            Scored,
            check_format,
            open_source,
            score_file,
        )
    except ImportError:
        msg = "scoring files needs pyarrow, which is not installed; run: pip install pyarrow"
        raise UsageError(msg) from None
    check_format(options.to)
    stored = _stored(options)
    form = stored.form
    known = {name.lower() for each in form.fields for name in (each.name, each.column)}
    source = open_source(options.file, known)
    score = BatchScorer(form, stored.scorer(*calls_of(stored.risk_model)), reasons=options.reasons)
    step = Scored.of(source, score, options.keep)
    return score_file(source, options.to, step, force=options.force, progress=_Progress().show)


def _stored(options: argparse.Namespace) -> StoredModel:
    """Find the model as the service does."""
    named = options.policy
    policy = PolicyFile(read_policy(named), named.name) if named else configured_policy()
    model = CreditRiskModel(options.model or model_tag(), None, policy)
    return load_checked(model.resolve(), None, policy)


class _Progress:
    """Says on a terminal how far it is; nothing without one."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def show(self, share: float, rows: int) -> None:
        """Write over the line."""
        if not sys.stderr.isatty():
            return
        took = time.monotonic() - self._began
        left = took / share - took if share else 0
        said = (
            f"{share:4.0%}  {rows:,} rows  {rows / max(took, 1e-9):,.0f} rows/s  {left:.0f} s left"
        )
        end = "\n" if share >= 1 else ""
        print(f"\r{said:<70}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
