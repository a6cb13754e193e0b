"""A dependency is called in the same way in this worker and in a process of its own."""

import asyncio
from http import HTTPStatus
from typing import Any

import aiohttp
import bentoml
import numpy as np
import pytest
from bentoml.exceptions import BentoMLException, ServiceUnavailable

from lean_bento import NPY, dependency_call
from lean_bento.bentoml_internals import RemoteProxy


class Doubler:
    factor = 2

    @bentoml.api
    async def double(self, rows: np.ndarray, /) -> np.ndarray:
        return rows * self.factor

    @bentoml.api
    def double_slowly(self, rows: np.ndarray, /) -> np.ndarray:
        return rows * self.factor


class Client:
    """Stands for BentoML's client of a service: answers, or fails."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.media_type = "application/vnd.bentoml+pickle"

    async def call(self, name: str, rows: Any) -> Any:
        assert name == "double"
        assert self.media_type == NPY, "no pickle goes there or comes back"
        if isinstance(self.answer, Exception):
            raise self.answer
        return rows * self.answer


class Proxy(RemoteProxy):
    """BentoML's stand-in for a service elsewhere, with another client."""

    def __init__(self, answer: Any) -> None:
        self._async = Client(answer)


ROWS = np.arange(3)


def doubled(dependency: Any) -> list[int]:
    found: list[int] = asyncio.run(dependency_call(dependency, "double")(ROWS)).tolist()
    return found


def test_the_answer_is_the_same_here_and_elsewhere() -> None:
    assert doubled(Doubler()) == doubled(Proxy(2)) == [0, 2, 4]


def test_a_method_that_blocks_the_event_loop_is_refused() -> None:
    with pytest.raises(TypeError, match="found the method double_slowly, expected an async one"):
        dependency_call(Doubler(), "double_slowly")


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.ClientConnectionError("gone"),
        TimeoutError(),
        ConnectionResetError("gone"),
        BentoMLException("busy", error_code=HTTPStatus.TOO_MANY_REQUESTS),
        BentoMLException("not ready", error_code=HTTPStatus.SERVICE_UNAVAILABLE),
        BentoMLException("late", error_code=HTTPStatus.GATEWAY_TIMEOUT),
    ],
    ids=repr,
)
def test_a_service_that_is_away_or_busy_is_to_be_asked_again(error: Exception) -> None:
    with pytest.raises(ServiceUnavailable):
        doubled(Proxy(error))


@pytest.mark.parametrize(
    "error",
    [
        BentoMLException("refused", error_code=HTTPStatus.BAD_REQUEST),
        BentoMLException("failed", error_code=HTTPStatus.INTERNAL_SERVER_ERROR),
        ValueError("no array"),
    ],
    ids=repr,
)
def test_any_other_answer_is_an_error_of_the_service(error: Exception) -> None:
    with pytest.raises(RuntimeError, match="did not answer with an array"):
        doubled(Proxy(error))
