"""What training prints is true of any lender's loans."""

from io import StringIO

import numpy as np
from rich.console import Console

from credit_risk.training.comparison import Comparison
from credit_risk.training.terminal import Terminal


def test_a_comparison_says_on_which_loans_the_test_was() -> None:
    printed = StringIO()
    terminal = Terminal(Console(file=printed, width=100))

    terminal.comparison(Comparison(candidates=(), probabilities=np.array([]), folds=5, repeats=3))

    assert "test: AUC on the test split (20 % of the loans)." in printed.getvalue()
    assert "course" not in printed.getvalue()
