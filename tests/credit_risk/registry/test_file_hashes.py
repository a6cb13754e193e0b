"""Hashes of files: of all, and any difference is found."""

from hashlib import sha256
from pathlib import Path

import pytest

from credit_risk.registry.file_hashes import digest, hash_files, odd_one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "trees").write_bytes(b"oak")
    (tmp_path / "encoder").write_bytes(b"words")
    (tmp_path / "card").write_bytes(b"says it all")
    return tmp_path


def test_every_file_but_the_one_left_out_has_its_hash(folder: Path) -> None:
    assert hash_files(folder, leave_out="card") == {
        "below/trees": sha256(b"oak").hexdigest(),
        "encoder": sha256(b"words").hexdigest(),
    }


def test_what_was_altered_added_or_taken_away_is_named(folder: Path) -> None:
    before = hash_files(folder, leave_out="card")
    (folder / "below" / "trees").write_bytes(b"oaks")
    altered = hash_files(folder, leave_out="card")

    assert odd_one(before, before) is None
    assert odd_one(altered, before) == "below/trees"
    assert odd_one(before | {"more": "0"}, before) == "more"
    assert odd_one({}, before) == "below/trees"


def test_the_digest_depends_on_names_and_hashes_and_not_on_their_order() -> None:
    found = digest({"a": "1", "b": "2"})

    assert found == sha256(b"1  a\n2  b\n").hexdigest()
    assert found == digest({"b": "2", "a": "1"})
    assert found != digest({"a": "2", "b": "1"})
