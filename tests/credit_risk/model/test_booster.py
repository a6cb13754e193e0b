"""The library gives what the Python package around it gives."""

import json
import subprocess
import sys

import numpy as np
import pytest
import xgboost

from credit_risk.model import LibraryError
from credit_risk.model.booster import Booster

RANDOM = np.random.default_rng(2)
ROWS = RANDOM.normal(size=(300, 4)).astype(np.float32)
ROWS[RANDOM.random(ROWS.shape) < 0.1] = np.nan


@pytest.fixture(scope="module")
def trained() -> xgboost.Booster:
    known = xgboost.DMatrix(ROWS, label=np.nan_to_num(ROWS[:, 0]) > 0)
    return xgboost.train({"objective": "binary:logistic", "max_depth": 3}, known, 20)


@pytest.mark.parametrize("written_as", ["ubj", "json"])
def test_predictions_are_those_of_the_package_to_the_last_bit(
    trained: xgboost.Booster, written_as: str
) -> None:
    found = Booster(trained.save_raw(written_as)).predict(ROWS)

    np.testing.assert_array_equal(found, trained.inplace_predict(ROWS))


def test_the_model_is_written_as_the_package_writes_it(trained: xgboost.Booster) -> None:
    found = json.loads(Booster(trained.save_raw()).to_json())

    assert found == json.loads(trained.save_raw("json"))


@pytest.mark.parametrize("junk", [b"", b"{}", b"junk", b'{"learner": 1}'])
def test_what_is_no_model_is_refused(junk: bytes) -> None:
    with pytest.raises(LibraryError) as refused:
        Booster(junk)

    assert "\n" not in str(refused.value)


def test_the_wrong_number_of_inputs_is_told(trained: xgboost.Booster) -> None:
    with pytest.raises(LibraryError, match="4"):
        Booster(trained.save_raw()).predict(np.ascontiguousarray(ROWS[:, :3]))


def test_a_missing_package_is_told_with_what_mends_it() -> None:
    hide = "import sys; sys.modules['xgboost'] = None; import credit_risk.model.booster"

    found = subprocess.run(
        [sys.executable, "-c", hide], capture_output=True, text=True, check=False
    )

    assert found.returncode != 0
    assert "XGBoost is not installed; run: " in found.stderr
