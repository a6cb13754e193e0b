"""A file is downloaded whole and right, or not at all."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from running import answering

from credit_risk.errors import DataError
from credit_risk.training.data.download import download, fetch, main

BODY = b"Status,Seniority\n" + b"1,9\n" * 50_000
RIGHT = sha256(BODY).hexdigest()
NOBODY = "http://127.0.0.1:1/file.csv"


GIVEN = "Basic " + b64encode("näme:p@ss".encode()).decode()


class Pages(BaseHTTPRequestHandler):
    """Answers ``BODY``: whole, short of what it promised, or without a length.

    ``/to?URL`` redirects to the URL, with a body of its own that never ends; ``/locked`` wants a
    password; ``/open`` refuses one.
    """

    def do_GET(self) -> None:
        self.path, _, target = self.path.partition("?")
        given = self.headers["Authorization"]
        if self.path == "/to":
            self.send_response(302)
            self.send_header("Location", target)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"more and more" * 1000)
            return
        if self.path == "/gone" or (self.path == "/open" and given):
            self.send_error(404)
            return
        if self.path == "/locked" and given != GIVEN:
            self.send_error(401)
            return
        self.send_response(200)
        if self.path != "/unmeasured":
            self.send_header("Content-Length", str(len(BODY) + 7 * (self.path == "/short")))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "*")
    with answering(Pages) as url:
        yield url


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "data" / "CreditScoring.csv"


@pytest.fixture
def old(destination: Path) -> Path:
    """The destination, with another file there."""
    destination.parent.mkdir()
    destination.write_bytes(b"precious")
    return destination


@pytest.mark.parametrize("page", ["/whole", "/unmeasured"])
def test_a_file_with_the_right_hash_arrives_whole(site: str, destination: Path, page: str) -> None:
    assert download(site + page, RIGHT, destination)

    assert destination.read_bytes() == BODY
    assert list(destination.parent.iterdir()) == [destination]


def test_a_file_that_is_there_is_not_downloaded_again(old: Path) -> None:
    assert not download(NOBODY, sha256(b"precious").hexdigest(), old)


def test_a_file_with_another_hash_is_replaced(site: str, old: Path) -> None:
    download(f"{site}/whole", RIGHT, old)

    assert old.read_bytes() == BODY


@pytest.mark.parametrize(
    ("page", "sha", "problem"),
    [
        ("/whole", "0" * 64, f"found SHA-256 {RIGHT}, expected {'0' * 64}"),
        ("/gone", RIGHT, "cannot be reached: HTTP Error 404: Not Found"),
        ("/short", RIGHT, "found 200,017 bytes, expected 200,024; try again"),
    ],
)
def test_a_failed_download_leaves_everything_as_it_was(
    site: str, old: Path, page: str, sha: str, problem: str
) -> None:
    with pytest.raises(DataError) as caught:
        download(site + page, sha, old)

    assert str(caught.value).startswith(site + page)
    assert problem in str(caught.value)
    assert old.read_bytes() == b"precious"
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize("page", ["/whole", "/unmeasured"])
def test_a_url_that_answers_too_much_is_refused(site: str, page: str) -> None:
    with pytest.raises(DataError, match="found more than the 100,000 bytes expected"):
        fetch(site + page, max_bytes=100_000)


def with_password(url: str) -> str:
    return url.replace("//", "//n%C3%A4me:p%40ss@", 1)


def test_a_redirect_is_followed_and_its_own_body_never_read(site: str) -> None:
    for target in (f"{site}/whole", "/whole", "whole"):
        assert fetch(f"{site}/to?{target}") == BODY


def test_a_password_is_sent_to_its_own_host(site: str) -> None:
    assert fetch(with_password(f"{site}/locked")) == BODY
    assert fetch(with_password(f"{site}/to?/locked")) == BODY
    with pytest.raises(DataError, match="HTTP Error 401: Unauthorized"):
        fetch(f"{site}/locked")


def test_a_password_is_sent_to_no_other_host(site: str) -> None:
    with answering(Pages) as other:
        assert fetch(with_password(f"{site}/to?{other}/open")) == BODY
        with pytest.raises(DataError, match="HTTP Error 401: Unauthorized"):
            fetch(with_password(f"{site}/to?{other}/locked"))


def test_the_size_of_what_is_redirected_to_is_limited(site: str) -> None:
    with pytest.raises(DataError, match="found more than the 100,000 bytes expected"):
        fetch(f"{site}/to?/whole", max_bytes=100_000)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("file:///etc/passwd", "found a redirect to 'file:///etc/passwd', expected one to http or"),
        ("ftp://a:secret@b/c?secret", "found a redirect to 'ftp://b/c', expected one to http or"),
        ("//h:secret/", "cannot be reached: it is not a valid URL"),
        ("/to?/to?/to?/to?/to?/to?/to?/to?/to?/to?/to?/whole", "found more than 10 redirects"),
    ],
    ids=["a file", "another scheme", "no URL", "too many"],
)
def test_a_redirect_that_is_not_followed_is_named(site: str, target: str, problem: str) -> None:
    with pytest.raises(DataError, match=r"redirect|valid") as caught:
        fetch(with_password(f"{site}/to?{target}"))

    assert str(caught.value).startswith(f"{site}/to: {problem}")
    assert "secret" not in str(caught.value)
    assert "ss@" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown", "reason"),
    [
        ("http://name:secret@127.0.0.1:1/file.csv?token=secret#secret", NOBODY, "refused"),
        ("http://name:secret@127.0.0.1:port/", "http://127.0.0.1:port/", "not a valid URL"),
        ("http://name:secret@a..b/?token=secret", "http://a..b/", "not a valid URL"),
        ("http://name:secret/secret@127.0.0.1/a", "http://127.0.0.1/a", "not a valid URL"),
    ],
)
def test_passwords_and_tokens_stay_out_of_messages(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    url: str,
    shown: str,
    reason: str,
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(DataError, match=f"cannot be reached: .*{reason}") as caught:
        fetch(url)

    assert caught.value.source == shown
    assert "secret" not in str(caught.value) + "".join(capfd.readouterr())


def test_the_command_says_that_the_file_is_there(
    site: str, destination: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for when in ("now", "already"):
        assert main([str(destination)], url=f"{site}/whole", sha256=RIGHT) == 0
        said = f"{destination} is there {when}; its SHA-256 is right.\n"
        assert capsys.readouterr().out == said


@pytest.mark.parametrize("page", ["/whole", "/gone"])
def test_the_command_says_what_to_do_after_a_failure(
    site: str, destination: Path, capsys: pytest.CaptureFixture[str], page: str
) -> None:
    code = main([str(destination)], url=site + page, sha256="0" * 64)
    words = capsys.readouterr().err

    assert code == 2
    assert f"The data set was not downloaded. {site}{page}: " in words
    assert f"Download {site}{page} in a browser and save it as {destination}" in words
    assert "`make train DATA=path`" in words
    assert "data/sample.csv" in words
    assert not destination.exists()


def test_the_command_says_so_where_nothing_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")

    assert main([str(tmp_path / "file" / "loans.csv")], url=NOBODY) == 2
    assert "was not downloaded. [Errno " in capsys.readouterr().err
