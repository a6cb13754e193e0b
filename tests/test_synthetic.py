"""The synthetic sample is what its module makes, and a model learns the real thing from it."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pytest
import xgboost
from course import CODES, LIMITS, MISSING_CODE, OPTIONAL_FIELDS
from numpy.typing import NDArray
from running import PROJECT
from sklearn.metrics import roc_auc_score
from synthetic import main, make_sample

SAMPLE: Final = PROJECT / "data" / "sample.csv"
COURSE: Final = {  # the recipe of the course whose result is the record to beat
    "eta": 0.1,
    "max_depth": 3,
    "min_child_weight": 1,
    "objective": "binary:logistic",
    "nthread": 1,
}
ROUNDS: Final = 175


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    """Return the sample of the default seed, (4455, 14)."""
    return make_sample()


def test_the_file_in_the_repository_is_what_the_module_makes(tmp_path: Path) -> None:
    made = tmp_path / "sample.csv"
    main([str(made)])

    assert made.read_bytes() == SAMPLE.read_bytes()


def test_the_header_and_line_ends_are_plain() -> None:
    header, rest = SAMPLE.read_bytes().split(b"\n", 1)

    assert header == (
        b"Status,Seniority,Home,Time,Age,Marital,Records,Job,"
        b"Expenses,Income,Assets,Debt,Amount,Price"
    )
    assert rest.count(b"\n") == 4455
    assert rest.endswith(b"\n")
    assert b"\r" not in rest
    assert b'"' not in rest


def test_the_seed_decides_the_rows(sample: pd.DataFrame) -> None:
    other = make_sample(seed=1)

    assert make_sample().to_csv() == sample.to_csv()
    assert other.shape == sample.shape
    assert not other.equals(sample)


def test_the_number_of_rows_can_be_chosen() -> None:
    assert make_sample(rows=500).shape == (500, 14)


def test_every_value_is_a_whole_number_that_its_field_allows(sample: pd.DataFrame) -> None:
    assert set(sample.dtypes) == {np.dtype("int64")}
    for field in CODES:
        assert set(sample[field.capitalize()]) == set(CODES[field])
    for field in LIMITS:
        values = sample[field.capitalize()]
        assert values[values != MISSING_CODE].between(*LIMITS[field]).all()


def test_as_many_values_are_missing_as_in_the_real_file(sample: pd.DataFrame) -> None:
    missing = (sample == MISSING_CODE).sum()

    assert missing[missing > 0].to_dict() == {"Income": 34, "Assets": 47, "Debt": 18}
    assert {column.lower() for column in missing.index[missing > 0]} == OPTIONAL_FIELDS


def test_outcomes_are_those_of_the_real_file(sample: pd.DataFrame) -> None:
    known = sample.loc[sample["Status"] != 0, "Status"]

    assert len(sample) - len(known) == 1
    assert set(known) == {1, 2}
    assert 0.27 <= (known == 2).mean() <= 0.29


def test_nobody_borrows_more_than_the_price(sample: pd.DataFrame) -> None:
    assert (sample["Amount"] <= sample["Price"]).all()


def test_no_row_is_one_of_the_real_rows(sample: pd.DataFrame, real_data: Path) -> None:
    real = pd.read_csv(real_data)

    assert sample.merge(real, how="inner").empty


def test_a_model_that_learns_from_the_sample_knows_the_real_rows(
    sample: pd.DataFrame, real_data: Path
) -> None:
    features, defaulted = _encoded(sample)
    booster = xgboost.train(COURSE, xgboost.DMatrix(features, defaulted), ROUNDS)
    real_features, real_defaulted = _encoded(pd.read_csv(real_data))
    probability = booster.predict(xgboost.DMatrix(real_features))

    assert roc_auc_score(real_defaulted, probability) >= 0.78


def _encoded(loans: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (n, 29) one-hot features with missing as 0, and (n,) outcomes, 1 for a default.

    Written out here, apart from the encoder of the service: what is tested is the sample.
    """
    known = loans[loans["Status"] != 0].replace(MISSING_CODE, 0)
    columns = [known[field.capitalize()] for field in LIMITS]
    columns += [known[field.capitalize()] == code for field in CODES for code in CODES[field]]
    return (
        np.column_stack(columns).astype(np.float32),
        (known["Status"] == 2).to_numpy(np.float32),
    )
