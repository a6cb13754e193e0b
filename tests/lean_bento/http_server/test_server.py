"""What the server of a worker says where it cannot begin."""

from pathlib import Path

import pytest
import uvicorn

from lean_bento.http_server.server import Server


@pytest.mark.parametrize(("asked", "kept"), [(5, 75), (620, 620)])
def test_a_connection_is_kept_longer_than_by_who_forwards_requests(asked: int, kept: int) -> None:
    config = uvicorn.Config(None, log_config=None, timeout_keep_alive=asked)

    assert Server(config).config.timeout_keep_alive == kept


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "No such file or directory"), ("no certificate", "SSL")]
)
def test_tls_without_readable_files_ends_with_a_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None, problem: str
) -> None:
    certificate = tmp_path / "cert.pem"
    if content:
        certificate.write_text(content)
    config = uvicorn.Config(
        None, log_config=None, ssl_certfile=certificate, ssl_keyfile=tmp_path / "key.pem"
    )

    with pytest.raises(SystemExit) as ended:
        Server(config).run()

    (message,) = caplog.messages
    assert ended.value.code == 1
    assert message.startswith(f"TLS cannot begin with certificate {certificate}, key {tmp_path}")
    assert problem in message
