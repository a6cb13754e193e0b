"""Make the synthetic sample: rows in the form of *CreditScoring* that describe nobody.

    python data/synthetic.py data/sample.csv

The generative model draws age, then job, marital status and home given age, then seniority, budget
and wealth, then the loan, then the outcome from a logistic model, and last the blanks that a real
file has. Its constants are margins and effects of the public real set, rounded by hand (source:
``data/README.md``); no row is copied or resampled. Every draw is a plain PCG64 uniform and every
value a whole number, so one seed gives one file on any machine.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, not as a module

from credit_risk.form import load_form

FORM: Final = load_form("credit_risk.form.credit_scoring")
CODES: Final = {
    name: {int(code): word for word, (code,) in each.words.items()}
    for name, each in FORM.by_name.items()
    if name in FORM.categories
}
MISSING_CODE: Final = int(FORM.by_name["income"].missing[0])

Numbers = NDArray[Any]  # shape (rows,) unless said otherwise

REAL_ROWS: Final = 4455
DEFAULT_RATE: Final = 0.2815  # defaults in the whole file, 0-1

LEVELS: Final = (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1)  # of both rows below
AGES: Final = (18, 20, 22, 24, 28, 36, 45, 53, 57, 63, 68)  # years
PRICES: Final = (105, 375, 600, 830, 1120, 1400, 1690, 2140, 2430, 3560, 8000)  # monetary unit

# Thousandths: a row for each age band (up to 25, 35, 50 years, above), a column for each code of
# the file from 1 up. Code 0, unknown, is among the blanks.
AGE_BANDS: Final = (25, 35, 50)
JOBS: Final = np.array(  # fixed, partime, freelance, others
    [[585, 262, 129, 24], [698, 102, 181, 19], [620, 64, 291, 25], [540, 15, 305, 140]]
)
MARITAL: Final = np.array(  # single, married, widow, separated, divorced
    [[684, 309, 1, 4, 2], [240, 711, 6, 35, 8], [66, 863, 17, 41, 13], [37, 893, 48, 14, 8]]
)
RECORDS: Final = np.array([[910, 90], [838, 162], [780, 220], [830, 170]])  # no, yes
HOMES_OF_SINGLES: Final = np.array(  # rent, owner, private, ignore, parents, other
    [
        [130, 110, 30, 1, 624, 105],
        [210, 210, 28, 2, 465, 85],
        [280, 300, 30, 3, 295, 92],
        [270, 430, 40, 0, 150, 110],
    ]
)
HOMES_OF_OTHERS: Final = np.array(
    [
        [270, 370, 60, 5, 220, 75],
        [268, 465, 60, 5, 135, 67],
        [215, 605, 63, 6, 46, 65],
        [185, 700, 54, 5, 14, 42],
    ]
)

# Seniority as a share of the years since 17 is a uniform draw to this power.
SHORT_STAY: Final = {"fixed": 1.25, "partime": 4.5, "freelance": 1.6, "others": 6}
NO_INCOME: Final = {"fixed": 0.01, "partime": 0.04, "freelance": 0.27, "others": 0.1}
LOG_INCOME: Final = {"fixed": 4.74, "partime": 4.55, "freelance": 4.79, "others": 4.45}
INCOME_SPREAD: Final = {"fixed": 0.4, "partime": 0.42, "freelance": 0.66, "others": 0.62}

ONE_PERSON, EACH_DEPENDANT = 35, 12  # expenses, monetary unit a month
DEPENDANTS: Final = np.array(  # thousandths with 0 to 5: not married, married
    [[740, 150, 80, 25, 4, 1], [120, 225, 300, 215, 110, 30]]
)
NO_ASSETS: Final = {"rent": 0.82, "ignore": 0.05, "parents": 0.72, "other": 0.8}
LOG_ASSETS: Final = {"private": -0.4, "rent": -0.15}  # against an owner's
HAS_DEBT: Final = {"rent": 0.03, "owner": 0.29, "private": 0.42, "ignore": 0.1}

TERMS: Final = np.array([6, 12, 18, 24, 30, 36, 42, 48, 54, 60])  # months
TERM_SHARES: Final = np.array([[7, 33, 21, 79, 11, 211, 7, 193, 4, 434]])  # thousandths
FINANCED: Final = np.array([0.37, 0.43, 0.51, 0.56, 0.63, 0.7, 0.73, 0.76, 0.79, 0.83])  # of price

# Effects on the log-odds of default; a code that is not named is the reference, 0.
HOME_RISK: Final = {"owner": -0.3, "parents": -0.5, "private": 0.4, "other": 0.3}
JOB_RISK: Final = {"partime": 1.3, "freelance": 0.4, "others": 0.4}
MARITAL_RISK: Final = {"single": 0.4, "separated": 1.2, "divorced": 0.5}

BLANKS: Final = {  # code of "not known" in a column, and its count in REAL_ROWS
    "Status": (0, 1),
    "Home": (0, 6),
    "Marital": (0, 1),
    "Job": (0, 2),
    "Income": (MISSING_CODE, 34),
    "Assets": (MISSING_CODE, 47),
    "Debt": (MISSING_CODE, 18),
}


def make_sample(rows: int = REAL_ROWS, seed: int = 20260101) -> pd.DataFrame:
    """Return ``rows`` loans as (rows, 14) int64 in the file's columns, order and codes.

    Years for Seniority and Age, months for Time, the source's monetary unit for the rest.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    people = _people(rng, rows)
    loans = {**people, **_budget(rng, people), **_wealth(rng, people), **_terms(rng, rows)}
    loans["Status"] = _outcome(rng, loans)
    sample = pd.DataFrame(loans).astype("int64")
    for column, (blank, count) in BLANKS.items():
        many = max(1, round(count * rows / REAL_ROWS))
        sample.loc[np.argsort(rng.random(rows), kind="stable")[:many], column] = blank
    first = ["Status", "Seniority", "Home", "Time", "Age", "Marital", "Records", "Job"]
    return sample[[*first, "Expenses", "Income", "Assets", "Debt", "Amount", "Price"]]


def _people(rng: np.random.Generator, rows: int) -> dict[str, Numbers]:
    """Draw the applicants: ages and seniorities in years, the others as codes of the file."""
    age = np.rint(np.interp(rng.random(rows), LEVELS, AGES))
    band = np.searchsorted(AGE_BANDS, age)
    job = 1 + _pick(rng, JOBS[band])
    marital = 1 + _pick(rng, MARITAL[band])
    single = _by_code("marital", {"single": 1}, marital)[:, None] == 1
    worked = rng.random(rows) ** _by_code("job", SHORT_STAY, job)
    return {
        "Seniority": np.rint(worked * (age - 17)),
        "Home": 1 + _pick(rng, np.where(single, HOMES_OF_SINGLES[band], HOMES_OF_OTHERS[band])),
        "Age": age,
        "Marital": marital,
        "Records": 1 + _pick(rng, RECORDS[band]),
        "Job": job,
    }


def _budget(rng: np.random.Generator, people: dict[str, Numbers]) -> dict[str, Numbers]:
    """Draw expenses and income, in the monetary unit a month."""
    job, rows = people["Job"], len(people["Job"])
    married = _by_code("marital", {"married": 1}, people["Marital"])
    dependants = _pick(rng, DEPENDANTS[married.astype(int)])
    rent = _by_code("home", {"rent": 1}, people["Home"]) * (5 + 13 * rng.random(rows))
    typical = _by_code("job", LOG_INCOME, job) + 0.1 * married
    typical += 0.03 * np.log1p(people["Seniority"])
    income = np.exp(typical + _by_code("job", INCOME_SPREAD, job) * _bell(rng, rows))
    earns = rng.random(rows) >= _by_code("job", NO_INCOME, job)
    return {
        "Expenses": np.rint(ONE_PERSON + EACH_DEPENDANT * dependants + rent),
        "Income": earns * np.rint(income),
    }


def _wealth(rng: np.random.Generator, people: dict[str, Numbers]) -> dict[str, Numbers]:
    """Draw assets and debt, in the monetary unit."""
    home, rows = people["Home"], len(people["Home"])
    typical = 8.55 + 0.011 * (people["Age"] - 37) + _by_code("home", LOG_ASSETS, home)
    typical += _by_code("job", {"freelance": 0.5}, people["Job"])
    assets = 500 * np.rint(np.exp(typical + 0.73 * _bell(rng, rows)) / 500)
    owns = rng.random(rows) >= _by_code("home", NO_ASSETS, home)
    owes = rng.random(rows) < _by_code("home", HAS_DEBT, home)
    debt = np.minimum(np.rint(np.exp(7.2 + 0.9 * _bell(rng, rows))), 10_000)
    return {"Assets": owns * assets, "Debt": owes * debt}


def _terms(rng: np.random.Generator, rows: int) -> dict[str, Numbers]:
    """Draw the loan: months, and amount and price in the monetary unit, amount <= price."""
    term = _pick(rng, TERM_SHARES.repeat(rows, axis=0))
    price = np.rint(np.interp(rng.random(rows), LEVELS, PRICES))
    financed = FINANCED[term] + 0.17 * _bell(rng, rows) - 0.00008 * (price - 1400)
    amount = np.maximum(50 * np.rint(np.clip(financed, 0.1, 1) * price / 50), 100)
    return {"Time": TERMS[term], "Amount": np.minimum(amount, price), "Price": price}


def _outcome(rng: np.random.Generator, loans: dict[str, Numbers]) -> Numbers:
    """Return 2 for the riskiest DEFAULT_RATE of the rows, 1 for the others.

    The latent risk is log-odds plus logistic noise, as in a logistic model with a solved intercept.
    """
    chance = rng.random(len(loans["Age"]))
    latent = _log_odds(loans) + np.log(chance / (1 - chance))
    defaults = np.argsort(-latent, kind="stable")[: round(DEFAULT_RATE * len(latent))]
    status = np.ones(len(latent))
    status[defaults] = 2
    return status


def _log_odds(loans: dict[str, Numbers]) -> Numbers:
    """Return each loan's log-odds of default, up to the intercept."""
    income, amount, price = loans["Income"], loans["Amount"], loans["Price"]
    share = amount / price
    left_over = income - loans["Expenses"] - amount / loans["Time"]  # a month
    return (
        _by_code("records", {"yes": 1.8}, loans["Records"])
        + _by_code("job", JOB_RISK, loans["Job"])
        + _by_code("home", HOME_RISK, loans["Home"])
        + _by_code("marital", MARITAL_RISK, loans["Marital"])
        - 0.6 * np.log1p(loans["Seniority"])
        + 0.01 * loans["Age"]
        - 0.8 * np.log(np.maximum(income, 30))
        + 0.014 * loans["Expenses"]
        - 0.3 * np.clip(left_over / 100, -1, 1.5)
        - 0.5 * np.log1p(loans["Assets"] / 1000)
        + 0.6 * np.log1p(loans["Debt"] / 1000)
        + 2.8 * share
        + 0.5 * np.log(price)
    )


def _by_code(field: str, table: Mapping[Any, float], codes: Numbers) -> Numbers:
    """Look up each code's category in ``table``; 0 for a category without an entry."""
    named = (table.get(word, 0.0) * (codes == code) for code, word in CODES[field].items())
    found: Numbers = sum(named, np.zeros(len(codes)))
    return found


def _pick(rng: np.random.Generator, shares: Numbers) -> Numbers:
    """Draw a column number for each row of (rows, k) shares in thousandths."""
    drawn = 1000 * rng.random(len(shares))
    column: Numbers = (drawn[:, None] >= shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return column


def _bell(rng: np.random.Generator, rows: int) -> Numbers:
    """Draw from nearly the standard normal: a sum of twelve uniforms, the same in every version."""
    bell: Numbers = rng.random((rows, 12)).sum(axis=1) - 6
    return bell


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sample in the format of the real file: integers, commas, LF line ends."""
    parser = argparse.ArgumentParser(description="Write the synthetic sample as CSV.")
    parser.add_argument("path", type=Path, help="for example data/sample.csv")
    path: Path = parser.parse_args(arguments).path
    path.write_bytes(make_sample().to_csv(index=False, lineterminator="\n").encode())


if __name__ == "__main__":
    main()
