"""What the unit tests share: BentoML's log lines, heard."""

import logging

import pytest


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ``caplog`` hear BentoML's loggers, which keep their lines to themselves."""
    monkeypatch.setattr(logging.getLogger("bentoml"), "propagate", True)
    caplog.set_level(logging.INFO)
