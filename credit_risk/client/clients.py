"""The two clients, which send and wait as the calls say: one blocks, one is for asyncio."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from credit_risk.client.answers import ArrayDecisions, Decision, RefusedError, UnavailableError
from credit_risk.client.calls import Calls, Send, Steps
from credit_risk.client.tables import Frame, Table

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

T = TypeVar("T")

DEADLINE: Final = 60.0
ROWS: Final = 1_000
"""As many as one call of the model takes, and as one answer explains if all are bad."""
ARRAY_ROWS: Final = 10_000


class Client:
    """Asks the service, and blocks until it has answered.

    What is answered with 429 or 503 is sent again when ``Retry-After`` says, with some jitter;
    nothing else is sent twice.

    Each call raises ``RefusedError`` for what is to be mended, ``UnavailableError`` for what may be
    asked again later, and ``ServiceError``, the kind of both, for anything else.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        deadline: float = DEADLINE,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        **options: Any,  # noqa: ANN401  httpx's
    ) -> None:
        """Connect at the first call.

        Args:
            url: of the service, such as http://localhost:3000.
            key: an API key, where the service requires one.
            deadline: seconds until a request is given up, all its attempts together.
            sleep: waits so many seconds.
            clock: tells the time in seconds.
            options: of ``httpx.Client``, such as ``verify`` or ``proxy``.
        """
        import httpx  # noqa: PLC0415  takes 0.2 s of CPU, mostly for its own command line

        self._url, self._calls, self._sleep = url, Calls(deadline, clock), sleep
        self._http = httpx.Client(base_url=url, headers=_headers(key), **options)

    def classify(self, application: Mapping[str, Any], *, language: str | None = None) -> Decision:
        """Decide on one application."""
        return self._run(self._calls.classify(application, language))

    def classify_many(
        self,
        applications: Table,
        *,
        reasons: bool = True,
        language: str | None = None,
        rows: int = ROWS,
    ) -> list[Decision | RefusedError] | Frame:
        """Decide on many: an iterable, an Arrow table, or a data frame of pandas.

        An application that is refused has its ``RefusedError`` in its place. NaN is null. At most
        ``rows`` are sent at once.

        Returns:
            A list in the same order, for an Arrow table too; for a data frame one with the same
            index.
        """
        return self._run(
            self._calls.classify_many(applications, rows, reasons=reasons, language=language)
        )

    def classify_array(
        self,
        array: "ArrayLike",
        *,
        reasons: bool = False,
        language: str | None = None,
        rows: int = ARRAY_ROWS,
    ) -> ArrayDecisions:
        """Decide on encoded applications, (n, columns): numbers in the order that ``model`` has."""
        return self._run(
            self._calls.classify_array(array, rows, reasons=reasons, language=language)
        )

    def model(self) -> dict[str, Any]:
        """Get the model card."""
        return self._run(self._calls.model())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def _run(self, steps: Steps[T]) -> T:
        response = None
        while True:
            try:
                step = steps.send(response)
            except StopIteration as end:
                result: T = end.value
                return result
            if isinstance(step, Send):
                with _naming(self._url):
                    response = self._http.request(**asdict(step))
            else:
                self._sleep(step.seconds)
                response = None


class AsyncClient:
    """Asks the service from asyncio; has the calls of ``Client``, each to be awaited."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        deadline: float = DEADLINE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        **options: Any,  # noqa: ANN401  httpx's
    ) -> None:
        """As ``Client``; ``options`` are those of ``httpx.AsyncClient``."""
        import httpx  # noqa: PLC0415  as above

        self._url, self._calls, self._sleep = url, Calls(deadline, clock), sleep
        self._http = httpx.AsyncClient(base_url=url, headers=_headers(key), **options)

    async def classify(
        self, application: Mapping[str, Any], *, language: str | None = None
    ) -> Decision:
        """As ``Client.classify``."""
        return await self._run(self._calls.classify(application, language))

    async def classify_many(
        self,
        applications: Table,
        *,
        reasons: bool = True,
        language: str | None = None,
        rows: int = ROWS,
    ) -> list[Decision | RefusedError] | Frame:
        """As ``Client.classify_many``."""
        return await self._run(
            self._calls.classify_many(applications, rows, reasons=reasons, language=language)
        )

    async def classify_array(
        self,
        array: "ArrayLike",
        *,
        reasons: bool = False,
        language: str | None = None,
        rows: int = ARRAY_ROWS,
    ) -> ArrayDecisions:
        """As ``Client.classify_array``."""
        return await self._run(
            self._calls.classify_array(array, rows, reasons=reasons, language=language)
        )

    async def model(self) -> dict[str, Any]:
        """As ``Client.model``."""
        return await self._run(self._calls.model())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.aclose()

    async def _run(self, steps: Steps[T]) -> T:
        response = None
        while True:
            try:
                step = steps.send(response)
            except StopIteration as end:
                result: T = end.value
                return result
            if isinstance(step, Send):
                with _naming(self._url):
                    response = await self._http.request(**asdict(step))
            else:
                await self._sleep(step.seconds)
                response = None


def _headers(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


@contextmanager
def _naming(url: str) -> Iterator[None]:
    """Make one sentence of what goes wrong with a connection."""
    import httpx  # noqa: PLC0415  is loaded already

    try:
        yield
    except httpx.TransportError as error:
        problem = str(error) or type(error).__name__
        msg = f"{url}: found no answer ({problem}), expected the service; see whether it runs there"
        raise UnavailableError(msg) from error
