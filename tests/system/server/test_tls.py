"""TLS by BentoML's own settings, with a certificate made here."""

import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from course import COURSE_EXAMPLE
from raw_http import address_of
from running import PROJECT, Server, configured, run, serving


class Tls(NamedTuple):
    """A service behind TLS, and whom to trust."""

    server: Server
    certificate: Path


@pytest.fixture(scope="module")
def files(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, made as docs/security.md says, and its private key."""
    text = (PROJECT / "docs" / "security.md").read_text()
    (command,) = [line[2:] for line in text.splitlines() if line.startswith("$ openssl req")]
    folder = tmp_path_factory.mktemp("certificate")
    run(*command.split(), home=home, cwd=folder)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(
    scope="module", params=["arguments", pytest.param("configuration", marks=pytest.mark.system)]
)
def tls(
    request: pytest.FixtureRequest,
    files: tuple[Path, Path],
    home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Tls]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = map(str, files)
    arguments, variables = [], {}
    if request.param == "arguments":
        arguments = ["--ssl-certfile", certificate, "--ssl-keyfile", key]
    else:
        ssl_settings = {"enabled": True, "certfile": certificate, "keyfile": key}
        variables = configured(folder, {"credit_risk_classifier.ssl": ssl_settings})
    with serving(
        "service.py:svc",
        *arguments,
        home=home,
        log=folder / "log",
        certificate=files[0],
        **variables,
    ) as server:
        yield Tls(server, files[0])


def test_a_client_that_trusts_the_certificate_is_answered(tls: Tls) -> None:
    trusted = ssl.create_default_context(cafile=tls.certificate)
    with httpx.Client(base_url=tls.server.url, verify=trusted, timeout=60) as client:
        assert client.post("/classify", json=COURSE_EXAMPLE).status_code == 200
        assert client.get("/model").status_code == 200


def test_a_client_that_does_not_trust_it_refuses(tls: Tls) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{tls.server.url}/livez", timeout=60)


def test_plain_http_is_not_answered(tls: Tls) -> None:
    plain = tls.server.url.replace("https:", "http:")

    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{plain}/livez", timeout=60)


def test_a_client_of_tls_1_2_gets_no_cipher_of_older_versions(tls: Tls) -> None:
    context = ssl.create_default_context(cafile=tls.certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    host, port = address_of(tls.server.url)
    with (
        socket.create_connection((host, port)) as connection,
        context.wrap_socket(connection, server_hostname=host) as wrapped,
    ):
        cipher = wrapped.cipher()

    assert cipher is not None
    assert re.fullmatch(r"ECDHE-RSA-(AES\d+-GCM|CHACHA20).*", cipher[0])


def test_nothing_older_than_tls_1_2_is_spoken(tls: Tls) -> None:
    context = ssl.create_default_context(cafile=tls.certificate)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or this side would not speak it either
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert tls.server.get("/livez", verify=context).status_code == 200
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    with pytest.raises(httpx.ConnectError, match=r"EOF|PROTOCOL_VERSION"):
        tls.server.get("/livez", verify=context)
