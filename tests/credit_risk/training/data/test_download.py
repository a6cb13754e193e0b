"""A file is downloaded whole and right, or not at all."""

from collections.abc import Iterator
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


class Pages(BaseHTTPRequestHandler):
    """Answers ``BODY``: whole, short of what it promised, or without a length."""

    def do_GET(self) -> None:
        if self.path == "/gone":
            self.send_error(404)
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


@pytest.mark.parametrize(
    ("url", "shown", "reason"),
    [
        ("http://name:secret@127.0.0.1:1/file.csv?token=secret#secret", NOBODY, "refused"),
        ("http://name:secret@127.0.0.1:port/", "http://127.0.0.1:port/", "not a valid URL"),
        ("http://name:secret@a..b/?token=secret", "http://a..b/", "not a valid URL"),
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

    assert code == 1
    assert f"The data set was not downloaded. {site}{page}: " in words
    assert f"Download {site}{page} in a browser and save it as {destination}" in words
    assert "`make train DATA=path`" in words
    assert "data/sample.csv" in words
    assert not destination.exists()


def test_the_command_says_so_where_nothing_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")

    assert main([str(tmp_path / "file" / "loans.csv")], url=NOBODY) == 1
    assert "was not downloaded. [Errno " in capsys.readouterr().err
