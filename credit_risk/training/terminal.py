"""What training shows on the terminal: progress and the closing table."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from credit_risk.training.evaluation import Measures

__all__ = ["Terminal"]


class Terminal:
    """Speaks to the person who trains."""

    def __init__(self, console: Console | None = None) -> None:
        """Write to ``console``, or to standard output."""
        self._console = console or Console(highlight=False)

    def say(self, step: str, text: str) -> None:
        """Say what a step found."""
        self._console.print(f"[bold]{step:<9}[/bold] {text}", soft_wrap=True)

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[], None]]:
        """Show a bar of ``total`` trees; the body of the ``with`` calls what it is given."""
        columns = (
            TextColumn("[bold]fit      "),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("trees"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("fit", total=total)
            yield lambda: progress.advance(task)

    def measures(self, parts: Mapping[str, tuple[int, Measures]], caption: str) -> None:
        """Print the number of rows and the measures of each part of the split."""
        table = Table(caption=caption, caption_justify="left")
        for heading in ("part", "rows", "AUC", "Gini", "KS", "Brier"):
            table.add_column(heading, justify="left" if heading == "part" else "right")
        for part, (rows, measures) in parts.items():
            table.add_row(part, f"{rows:,}", *(f"{v:.4f}" for v in measures.as_dict().values()))
        self._console.print(table)
