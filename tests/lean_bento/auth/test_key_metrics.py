"""The requests of each API key are counted, a turn of the event loop at a time."""

import asyncio

from lean_bento.auth.key_metrics import RequestsByKey
from prometheus_client import REGISTRY


def counted(name: str, status: int) -> float | None:
    labels = {"key": name, "status": str(status)}
    return REGISTRY.get_sample_value("credit_risk_requests_by_key_total", labels)


def test_answers_are_counted_by_name_and_status() -> None:
    async def answer() -> None:
        counts, others = RequestsByKey(), RequestsByKey()
        for _ in range(2):
            counts.count("one", 200)
            counts.count("one", 200)
            counts.count("one", 403)
            others.count("other", 200)
            await asyncio.sleep(0)

    asyncio.run(answer())

    assert [counted("one", 200), counted("one", 403), counted("other", 200)] == [4, 2, 2]
    assert counted("other", 403) is None
