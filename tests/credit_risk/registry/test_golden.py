"""Golden answers: the same applications get the same probabilities, to the last bit."""

from pathlib import Path

import bentoml
import numpy as np
import pytest
from course import CATEGORIES, ENCODER, FORM, sample_applications
from numpy.typing import NDArray
from running import latest_model

from credit_risk.model import RiskModel
from credit_risk.registry import GoldenAnswers, load_checked


@pytest.fixture(scope="module")
def model(home: Path) -> RiskModel:
    return load_checked(bentoml.Model.from_path(latest_model(home))).risk_model


class Altered:
    """A model with something changed."""

    def __init__(
        self, model: RiskModel, *, probability: float = 0, contribution: float = 0
    ) -> None:
        self._model, self._added, self._contribution = model, probability, contribution

    def predict(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        found = self._model.predict(rows)
        found[3:] += np.float32(self._added)
        return found

    def explain(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        found = self._model.explain(rows)
        found[5, -1] += self._contribution
        return found


def test_they_are_of_fifty_applications_that_have_every_word(model: RiskModel) -> None:
    answers = GoldenAnswers.of(FORM, model).answers

    assert [each.application for each in answers] == [
        each.model_dump() for each in sample_applications(50)
    ]
    for name, words in CATEGORIES.items():
        assert {each.application[name] for each in answers} == set(words)


def test_what_was_written_is_read_to_the_last_bit(model: RiskModel) -> None:
    golden = GoldenAnswers.of(FORM, model)

    read = GoldenAnswers.read(golden.model_dump_json())

    assert read == golden
    assert read.first_difference(FORM, model) is None
    predicted = model.predict(ENCODER.encode(sample_applications(50)))
    assert [each.default_probability for each in read.answers] == predicted.tolist()


def test_the_first_probability_that_differs_is_named(model: RiskModel) -> None:
    golden = GoldenAnswers.of(FORM, model)

    different = golden.first_difference(FORM, Altered(model, probability=1e-6))  # type: ignore[arg-type]

    assert different is not None
    assert different.expected == repr(golden.answers[3].default_probability)
    assert different.found.endswith(" as the probability of application 4 in golden.json")


def test_contributions_that_do_not_add_up_are_named(model: RiskModel) -> None:
    golden = GoldenAnswers.of(FORM, model)

    different = golden.first_difference(FORM, Altered(model, contribution=0.1))  # type: ignore[arg-type]

    assert different is not None
    assert different.found.startswith("contributions of application 6 in golden.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Invalid JSON: EOF while parsing an object at line 1 column 1"),
        ("{}", "answers: Field required"),
        ('{"answers": [1]}', "answers: 0: Input should be"),
        ('{"answers": [{"application": {}, "probability": 1}]}', "answers: 0: default_probability"),
    ],
)
def test_what_are_no_golden_answers_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}[^\\n]*$"):
        GoldenAnswers.read(text)
