"""How the server of a worker begins, and that it is the one in use."""

import gc
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import uvicorn
from bentoml.exceptions import BentoMLException
from raw_http import Connection
from running import PROJECT, in_a_thread
from starlette.responses import PlainTextResponse

from lean_bento import server_context
from lean_bento.http_server.server import Server, check_server_in_use, collect_garbage_rarely


def config(app: object = None, **settings: object) -> uvicorn.Config:
    return uvicorn.Config(app, log_config=None, lifespan="off", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(("asked", "kept"), [(5, 75), (620, 620)])
def test_an_idle_connection_is_kept_longer_than_proxies_keep_theirs(asked: int, kept: int) -> None:
    assert Server(config(timeout_keep_alive=asked)).config.timeout_keep_alive == kept


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "No such file or directory"), ("no certificate", "SSL")]
)
def test_tls_without_readable_files_ends_with_a_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None, problem: str
) -> None:
    certificate = tmp_path / "cert.pem"
    if content:
        certificate.write_text(content)
    settings = config(ssl_certfile=certificate, ssl_keyfile=tmp_path / "key.pem")

    with pytest.raises(SystemExit) as ended:
        Server(settings).run()

    (message,) = caplog.messages
    assert ended.value.code == 1
    assert message.startswith(f"TLS cannot begin with certificate {certificate}, key {tmp_path}")
    assert problem in message


def test_a_worker_with_another_server_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "in_use", False)
    check_server_in_use()  # this process is no worker
    monkeypatch.setattr(server_context, "worker_index", 1)

    with pytest.raises(BentoMLException, match=re.escape(f"uvicorn {version('uvicorn')}")):
        check_server_in_use()


def test_a_worker_with_this_server_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "in_use", False)
    monkeypatch.setattr(server_context, "worker_index", 1)

    with in_a_thread(Server(config(PlainTextResponse("here")))) as address, Connection(address):
        check_server_in_use()


def test_bentoml_makes_the_server_that_is_put_in_place() -> None:
    """In a process of its own: every other server of this one would be replaced."""
    code = (
        "import uvicorn; from lean_bento.http_server import use_server; use_server(); "
        "print(type(uvicorn.Server(uvicorn.Config(None))).__module__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "lean_bento.http_server.server"


def test_objects_that_exist_are_no_longer_collected() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.set_threshold(700)  # Python's own; a service in this process may have raised it
    try:
        collect_garbage_rarely()

        assert gc.get_threshold()[0] > 700
        assert gc.get_freeze_count() > frozen
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
