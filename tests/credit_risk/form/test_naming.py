"""Names and words are made of what stands in a file, and keep what tells them apart."""

import pytest

from credit_risk.form.naming import in_order, meaning_of, name_of, word_of


@pytest.mark.parametrize(
    ("column", "name", "meaning"),
    [
        (
            "NumberOfTime30-59DaysPastDueNotWorse",
            "number_of_time_30_59_days_past_due_not_worse",
            "Number of time 30-59 days past due not worse",
        ),
        ("MonthlyIncome", "monthly_income", "Monthly income"),
        ("SeriousDlqin2yrs", "serious_dlqin_2yrs", "Serious dlqin 2yrs"),
        ("LoanIDNumber", "loan_id_number", "Loan id number"),
        ("delinq_2yrs", "delinq_2yrs", "Delinq 2yrs"),
        ("MONTHS", "months", "MONTHS"),
        ("Höhe (EUR)", "hohe_eur", "Höhe (EUR)"),
        ("1st", "n1st", "1st"),
    ],
)
def test_a_column_gives_a_name_and_a_meaning(column: str, name: str, meaning: str) -> None:
    assert (name_of(column), meaning_of(column)) == (name, meaning)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("10+ years", "10_plus_years"),
        ("10 years", "10_years"),
        ("< 1 year", "below_1_year"),
        (">= 5 %", "from_5_percent"),
        ("東京", "東京"),
    ],
)
def test_a_word_keeps_what_tells_it_apart(code: str, word: str) -> None:
    assert word_of(code) == word


@pytest.mark.parametrize(
    "ordered",
    [
        ["A", "B", "C"],
        ["< 1 year", "1 year", "2 years", "9 years", "10 years", "10+ years"],
        ["less than 6", "6 to 12", "over 12"],
        ["A9", "A10", "A11", "B1"],
        ["0,5", "1", "> 1"],
    ],
)
def test_words_that_look_ordered_are_sorted(ordered: list[str]) -> None:
    assert in_order(reversed(ordered)) == ordered


@pytest.mark.parametrize("words", [["rent", "own"], ["2 or more", "none", "1"]])
def test_other_words_stay_as_they_are(words: list[str]) -> None:
    assert in_order(words) == words
