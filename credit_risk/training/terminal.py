"""The output of training on the terminal: steps, progress and tables."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from credit_risk.training.evaluation import Measures

if TYPE_CHECKING:  # it loads what fits all models, and most runs need none of it
    from credit_risk.training.comparison import Comparison


class Terminal:
    """Prints what training does and finds."""

    def __init__(self, console: Console | None = None) -> None:
        """Write to ``console``, or to standard output, in whatever encoding that has."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        self._console = console or Console(highlight=False)

    def say(self, step: str, text: str) -> None:
        """Print the result of a step."""
        self._console.print(f"[bold]{step:<9}[/bold] {escape(text)}", soft_wrap=True)

    @contextmanager
    def progress(self, step: str, total: int, unit: str) -> Iterator[Callable[[], None]]:
        """Show a bar of ``total`` units; yield the function that advances it by one."""
        columns = (
            TextColumn(f"[bold]{step:<9}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(step, total=total)
            yield lambda: progress.advance(task)

    @contextmanager
    def waiting(self, step: str) -> Iterator[None]:
        """Show that a step is under way."""
        with self._console.status(f"[bold]{step}"):
            yield

    def comparison(self, comparison: "Comparison") -> None:
        """Print the measures of each candidate."""
        folds = f"{comparison.folds} folds, {comparison.repeats} times"
        caption = (
            f"{folds}; gain: in AUC over the first, with its 95 % interval;\n"
            "test: AUC on the test split (20 % of the loans).\n"
            "Brier and ECE are errors, small is good."
        )
        table = Table(caption=caption, caption_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
        table.add_column("model", min_width=16)
        for heading in ("AUC", "gain", "Brier", "KS", "ECE", "test"):
            table.add_column(heading, justify="right", no_wrap=True)
        for each in comparison.candidates:
            low, high = each.gain_interval
            table.add_row(
                each.name,
                f"{each.auc:.4f}",
                f"{each.gain:+.4f} ± {(high - low) / 2:.4f}",
                *(f"{value:.4f}" for value in (each.brier, each.ks, each.ece, each.test_auc)),
            )
        self._console.print(table)

    def measures(self, parts: Mapping[str, Measures], sizes: Mapping[str, int]) -> None:
        """Print the measures and the number of loans of each part of the data."""
        legend = {
            "train": "train and validation: a model fitted on train;",
            "test": "test: the stored one, fitted on both;",
            "out of fold": "out of fold: models of the comparison that have not seen the loan;",
        }
        lines = [text for part, text in legend.items() if part in parts]
        caption = "\n".join([*lines, "small Brier and ECE are good."])
        table = Table(caption=caption, caption_justify="left")
        for heading in ("part", "rows", "AUC", "Gini", "KS", "Brier", "ECE"):
            table.add_column(heading, justify="left" if heading == "part" else "right")
        for part, found in parts.items():
            values = (f"{value:.4f}" for value in found.as_dict().values())
            table.add_row(part, f"{sizes[part]:,}", *values)
        self._console.print(table)
