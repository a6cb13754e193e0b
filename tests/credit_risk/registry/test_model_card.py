"""The card of a model: what training writes is what the service reads."""

from datetime import datetime, timedelta
from pathlib import Path

import bentoml
import pytest
from course import COLUMNS
from pydantic import ValidationError
from running import latest_model

from credit_risk.registry import ModelCard, load_checked


@pytest.fixture(scope="module")
def card(home: Path) -> ModelCard:
    return load_checked(bentoml.Model.from_path(latest_model(home))).card


def test_a_card_survives_being_written_and_read(card: ModelCard) -> None:
    assert ModelCard.model_validate_json(card.model_dump_json()) == card


def test_a_card_says_what_the_model_was_made_of(card: ModelCard) -> None:
    assert card.recipe == "standard"
    assert card.data.synthetic
    assert card.columns.names == list(COLUMNS)
    assert card.excluded_fields == ["marital"]
    assert {"train", "validation", "test"} <= card.measures.keys()


def test_a_card_has_measures_by_band_of_the_policy(card: ModelCard) -> None:
    bands = card.bands.outcomes

    assert card.bands.source == "test"  # there was no comparison
    assert list(bands) == ["APPROVED", "MAYBE", "DECLINED"]
    assert sum(each.rows for each in bands.values()) == card.data.rows["test"]
    for each in bands.values():
        assert each.observed == each.defaults / each.rows
    assert bands["APPROVED"].predicted < 0.3 < bands["MAYBE"].predicted < 0.5
    assert bands["APPROVED"].auc < card.measures["test"]["auc"]


def test_a_card_says_when_and_from_what_the_model_was_trained(card: ModelCard) -> None:
    trained = card.trained

    assert datetime.fromisoformat(trained.at).utcoffset() == timedelta()
    assert trained.seeds == {"split": 11, "trees": 1}
    assert trained.split.startswith("20% of all loans, drawn at random, are the test part")


def test_a_card_with_an_unknown_entry_is_none(card: ModelCard) -> None:
    with pytest.raises(ValidationError, match="shoe_size"):
        ModelCard.model_validate(card.model_dump() | {"shoe_size": 42})
