"""What the benchmark shows while it runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["show"]


@contextmanager
def show(total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar of ``total`` steps; the ``with`` calls what it is given before each step."""
    console = Console(highlight=False)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total, completed=-1)

        def step(text: str) -> None:
            progress.update(task, advance=1, description=text)
            if not console.is_terminal:
                console.print(f"{progress.tasks[task].elapsed:5.0f} s  {text}")

        yield step
        progress.update(task, completed=total, description="done")
