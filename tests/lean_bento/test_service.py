"""Where a service's dependencies run."""

import pytest
from bentoml.exceptions import BentoMLConfigException

from lean_bento.service import RUNNER_VARIABLE, runs_remotely


@pytest.mark.parametrize(("mode", "remote"), [(None, False), ("embedded", False), ("remote", True)])
def test_the_runner_is_embedded_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, mode: str | None, *, remote: bool
) -> None:
    monkeypatch.delenv(RUNNER_VARIABLE, raising=False)
    if mode is not None:
        monkeypatch.setenv(RUNNER_VARIABLE, mode)

    assert runs_remotely() is remote


@pytest.mark.parametrize("mode", ["", "Remote", "far away"])
def test_any_other_word_is_refused(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv(RUNNER_VARIABLE, mode)

    with pytest.raises(BentoMLConfigException, match="expected 'embedded' or 'remote'"):
        runs_remotely()
