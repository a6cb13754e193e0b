"""What became of a loan is guessed from its code; a loan that has not ended is not repaid."""

import pytest

from credit_risk.form.guess import Column
from credit_risk.form.outcomes import guess_outcome


def guess(*cells: str) -> tuple[str, str]:
    return guess_outcome("x.csv", Column.of("End", cells))


@pytest.mark.parametrize(
    "code",
    ["Current", "In Grace Period", "Late (31-120 days)", "Issued", "open", "Active", "in progress"],
)
def test_a_loan_that_has_not_ended_is_unknown(code: str) -> None:
    assert guess("Charged Off", "Fully Paid", code) == (
        f'column="End", default="Charged Off", repaid="Fully Paid", unknown="{code}"',
        "",
    )


@pytest.mark.parametrize(
    ("cells", "said", "unsure"),
    [
        ("u v u", 'default="v", repaid="u"', {"u": "repaid", "v": "default"}),
        (
            "u v w u u w",
            'default="v", repaid="u", unknown="w"',
            {"u": "repaid", "v": "default", "w": "unknown"},
        ),
        ("1 2 1", 'default="2", repaid="1"', {"1": "repaid", "2": "default"}),
        ("bad other", 'default="bad", repaid="other"', {"other": "repaid"}),
        ("bad late late issued", 'default="bad", repaid="late", unknown="issued"', {"late": ""}),
        ("bad good paid-late", 'default="bad", repaid="good", unknown="paid-late"', {"paid-": ""}),
        ("paid paid closed", 'default="closed", repaid="paid"', {"closed": "default"}),
        ("default current", 'default="default", repaid="current"', {"current": "repaid"}),
        ("yes no", 'default="yes", repaid="no"', {}),
    ],
)
def test_what_the_guess_is_not_sure_of_is_named(
    cells: str, said: str, unsure: dict[str, str]
) -> None:
    found, doubts = guess(*cells.split())

    assert found == f'column="End", {said}'
    assert bool(doubts) == bool(unsure)
    for code, meaning in unsure.items():
        assert f'"{code}' in doubts
        assert f"taken as {meaning}" in doubts


def test_a_code_in_doubt_has_its_count() -> None:
    _, doubts = guess("good", "bad", "odd", "odd")

    assert doubts == '"odd" (2 rows, taken as unknown)'
