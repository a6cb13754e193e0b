"""A file is read from a path or a URL, and unpacked."""

import gzip
import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from loan_files import TABLE, written

from credit_risk.errors import DataError
from credit_risk.training.data.source import load


def zipped(**files: str) -> bytes:
    """A zip of files by name; two underscores stand for a slash, one for a dot."""
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return out.getvalue()


def refusal(path: Path, **how: int) -> str:
    with pytest.raises(DataError) as caught:
        load(path, **how)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (TABLE.encode(), ()),
        (gzip.compress(TABLE.encode()), ("gzip",)),
        (zipped(loans_csv=TABLE), ("loans.csv in a zip",)),
        (zipped(a__loans_csv=TABLE, X__a="?").replace(b"X/a", b".ab"), ("a/loans.csv in a zip",)),
    ],
    ids=["plain", "gzip", "zip", "zip with a hidden file"],
)
def test_what_is_compressed_is_unpacked(
    tmp_path: Path, content: bytes, notes: tuple[str, ...]
) -> None:
    read = load(written(tmp_path / "loans.any", content))

    assert read.content == TABLE.encode()
    assert (read.name, read.sha256) == ("loans.any", sha256(content).hexdigest())
    assert read.notes == notes


def test_a_workbook_stays_as_it_is(tmp_path: Path) -> None:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "")

    assert load(written(tmp_path / "loans.xlsx", out.getvalue())).content == out.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (zipped(a="1", b="2"), "a zip of 2 files"),
        (zipped(), "a zip of 0 files"),
        (zipped(a_csv=TABLE)[:-30], "File is not a zip file"),
        (gzip.compress(TABLE.encode())[:-20], "Compressed file ended before"),
        (gzip.compress(gzip.compress(b"1")), "a compressed file in a compressed file"),
    ],
    ids=["two files", "no file", "cut zip", "cut gzip", "twice"],
)
def test_what_cannot_be_unpacked_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    said = refusal(written(tmp_path / "loans.any", content))

    assert said.startswith(f"loans.any: found {found}")
    assert said.endswith(", expected a table in CSV, Parquet or XLSX")


@pytest.mark.parametrize(
    "content", [gzip.compress(b"1" * 101), zipped(a_csv="1" * 101)], ids=["gzip", "zip"]
)
def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, content: bytes) -> None:
    said = refusal(written(tmp_path / "loans.any", content), max_bytes=100)

    assert said == "loans.any: found more than the 100 bytes expected, unpacked"


def test_the_real_file_before_its_download_names_the_command(tmp_path: Path) -> None:
    path = tmp_path / "CreditScoring.csv"

    assert refusal(path) == f"{path}: cannot be read: No such file or directory; run: make data"


def test_the_name_of_a_file_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    path = written(tmp_path / "März.csv", TABLE)
    in_ascii = os.fsencode(path).decode("ascii", errors="surrogateescape")

    assert load(in_ascii).name == "März.csv"
