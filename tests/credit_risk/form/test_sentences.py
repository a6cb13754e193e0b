"""Sentences come from a file a language, and each says what is wrong with it."""

from pathlib import Path

import pytest

from credit_risk.errors import FormError
from credit_risk.form import read_sentences


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "reasons.en.toml").write_text("AMOUNT = much")

    with pytest.raises(FormError, match=r"reasons\.en\.toml: found .*expected TOML in UTF-8"):
        read_sentences(str(tmp_path / "form.py"))


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "reasons.de.toml").write_bytes('AMOUNT = "für"'.encode("latin-1"))

    with pytest.raises(FormError, match=r"reasons\.de\.toml: found "):
        read_sentences(str(tmp_path / "form.py"))


def test_without_files_there_are_no_sentences(tmp_path: Path) -> None:
    assert read_sentences(str(tmp_path / "form.py")) == {}
