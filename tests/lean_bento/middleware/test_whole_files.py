"""A file comes whole, whatever part of it is asked for."""

import asyncio
from pathlib import Path

import httpx
import pytest
from lean_bento.middleware.whole_files import WholeFiles
from starlette.staticfiles import StaticFiles


@pytest.mark.parametrize("asked", ["bytes=0-1", "bytes=9-", "bytes=x", "lines=0-1", "x", ""])
def test_a_range_is_not_heeded(tmp_path: Path, asked: str) -> None:
    (tmp_path / "file").write_bytes(b"whole")
    transport = httpx.ASGITransport(WholeFiles(StaticFiles(directory=tmp_path)))

    async def call() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/file", headers={"range": asked})

    answer = asyncio.run(call())

    assert (answer.status_code, answer.content) == (200, b"whole")
