"""The form of *CreditScoring*, the data set of the ML Zoomcamp lesson; see data/README.md.

Source of fields and codes: the data set *CreditScoring* published with Gaston Sanchez's
multivariate course material, collected at UPC Barcelona. Money is in a unit that is not stated.
Ten million of it stays below 2**24, up to which float32 holds every whole number exactly.
"""

import numpy as np

from credit_risk.form.fields import Category, Compared, Derived, Number, Outcome
from credit_risk.form.form import Form
from credit_risk.form.sentences import read_sentences

MONEY = "in the monetary unit of the source data"
NOT_KNOWN = (99_999_999,)
"""How the file writes a missing number. Never accepted over HTTP, where missing is null."""

FORM = Form(
    name="credit_scoring",
    about="""One loan application: thirteen fields, no others.

    Numbers are JSON numbers, not text; a category is one of its field's words.
    """,
    sentences=read_sentences(__file__),
    contrast={"records": "yes", "job": "partime", "income": None},
    compared=(
        Compared(
            field="age",
            title="age",
            limit=62,
            why="Applicants of 62 and over are the “elderly” of US Regulation B "
            "(12 CFR 1002.2(o)), whose age must not count against them.",
        ),
        Compared(field="marital", title="marital status"),
    ),
    outcome=Outcome(column="Status", default=2, repaid=1, unknown=0),
    limits_of_use=(
        "Learned from loans that were granted: what became of the refused is not known.",
        "From one lender, decades ago: fit and test it on loans of your own, and watch for drift.",
        "Money is in a unit that is not stated: applications in any other would be misjudged.",
        "Its guarantees compare known numbers: one that becomes known may move it either way.",
    ),
    fields=(
        Number(
            name="seniority",
            column="Seniority",
            meaning="Time in the present job",
            unit="years",
            low=0,
            high=70,
            everyday=(0, 30, 1),
            example=3,
            direction=-1,
        ),
        Category(
            name="home",
            column="Home",
            meaning="Housing",
            words={
                "unk": 0,
                "rent": 1,
                "owner": 2,
                "private": 3,
                "ignore": 4,
                "parents": 5,
                "other": 6,
            },
            example="owner",
        ),
        Number(
            name="time",
            column="Time",
            meaning="Requested term of the loan",
            unit="months",
            low=1,
            high=360,
            everyday=(6, 72, 6),
            example=36,
        ),
        Number(
            name="age",
            column="Age",
            meaning="Age of the applicant",
            unit="years",
            low=18,
            high=120,
            everyday=(18, 75, 1),
            example=26,
            direction=-1,  # an older applicant is never worse off (12 CFR 1002.6(b)(2))
        ),
        Category(
            name="marital",
            column="Marital",
            meaning="Marital status",
            words={
                "unk": 0,
                "single": 1,
                "married": 2,
                "widow": 3,
                "separated": 4,
                "divorced": 5,
            },
            example="single",
            prohibited=True,  # 15 U.S.C. 1691(a)(1)
        ),
        Category(
            name="records",
            column="Records",
            meaning="Whether there is a record of earlier trouble",
            words={"no": 1, "yes": 2},
            example="no",
            direction={"yes": +1, "no": -1},
        ),
        Category(
            name="job",
            column="Job",
            meaning="Employment",
            # ``partime`` is spelt so in every published copy of the data.
            words={"unk": 0, "fixed": 1, "partime": 2, "freelance": 3, "others": 4},
            example="freelance",
        ),
        Number(
            name="expenses",
            column="Expenses",
            meaning="Monthly household expenses",
            unit=MONEY,
            low=0,
            high=10_000_000,
            everyday=(35, 180, 1),
            example=35,
            direction=+1,
        ),
        Number(
            name="income",
            column="Income",
            meaning="Monthly income",
            unit=MONEY,
            low=0,
            high=10_000_000,
            everyday=(0, 500, 1),
            example=0.0,
            optional=True,
            missing=NOT_KNOWN,
            direction=-1,
        ),
        Number(
            name="assets",
            column="Assets",
            meaning="Value of what is owned",
            unit=MONEY,
            low=0,
            high=10_000_000,
            everyday=(0, 50_000, 500),
            example=60000.0,
            optional=True,
            missing=NOT_KNOWN,
            direction=-1,
        ),
        Number(
            name="debt",
            column="Debt",
            meaning="Debt already owed",
            unit=MONEY,
            low=0,
            high=10_000_000,
            everyday=(0, 5_000, 100),
            example=3000.0,
            optional=True,
            missing=NOT_KNOWN,
            direction=+1,
        ),
        Number(
            name="amount",
            column="Amount",
            meaning="Amount asked for",
            unit=MONEY,
            low=1,
            high=10_000_000,
            everyday=(100, 5_000, 50),
            example=800,
            direction=+1,
        ),
        Number(
            name="price",
            column="Price",
            meaning="Price of what the loan pays for",
            unit=MONEY,
            low=1,
            high=10_000_000,
            everyday=(100, 10_000, 50),
            example=1000,
        ),
    ),
    # Each earns its place, see docs/decisions.md. None has interest: the file does not say any.
    derived=(
        Derived(
            name="amount_to_price",
            formula="amount / price",
            unit="ratio",
            rises_with={"amount": 1, "price": -1},
            reason="AMOUNT_TO_PRICE",
            compute=lambda of: of["amount"] / of["price"],
        ),
        Derived(
            name="left_each_month",
            formula="income - expenses - amount / time",
            unit="money a month",
            rises_with={"income": 1, "expenses": -1, "amount": -1, "time": 1},
            reason="AFFORDABILITY",
            compute=lambda of: of["income"] - of["expenses"] - of["amount"] / of["time"],
        ),
        Derived(
            name="instalment_to_income",
            formula="amount / time / max(income, 1)",
            unit="ratio",
            rises_with={"amount": 1, "time": -1, "income": -1},
            reason="AFFORDABILITY",
            compute=lambda of: of["amount"] / of["time"] / np.maximum(of["income"], np.float32(1)),
        ),
        Derived(
            name="net_worth_after_loan",
            formula="assets - debt - amount",
            unit="money",
            rises_with={"assets": 1, "debt": -1, "amount": -1},
            reason="NET_WORTH",
            compute=lambda of: of["assets"] - of["debt"] - of["amount"],
        ),
    ),
)
