from io import StringIO

from credit_risk.score.progress import Progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_it_says_how_far_a_run_is_and_what_is_left() -> None:
    terminal, times = Terminal(), iter([7, 17, 27])
    progress = Progress(terminal, lambda: next(times))
    progress(0.5, 2_000)
    progress(0.75, 3_000)

    progress(1.0, 4_000)

    _, first, second, end = terminal.getvalue().split("\r")
    assert first.split() == ["50%", "2,000", "rows"]
    assert second.split() == ["75%", "3,000", "rows", "100", "rows/s", "10", "s", "left"]
    assert end.split() == ["100%", "4,000", "rows", "100", "rows/s", "0", "s", "left"]
    assert end.endswith("\n")


def test_it_says_nothing_without_a_terminal() -> None:
    silent = StringIO()

    Progress(silent)(0.5, 1)

    assert silent.getvalue() == ""
