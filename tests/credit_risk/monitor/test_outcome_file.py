"""A file of outcomes: what it says, and each line that cannot be used."""

from datetime import date
from pathlib import Path

import pytest
from course import FORM

from credit_risk.errors import DataError
from credit_risk.monitor.outcome_file import Became, OutcomeFile, read_outcomes


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> OutcomeFile:
    (tmp_path / "outcomes.csv").write_text(text, encoding=encoding)
    return read_outcomes(tmp_path / "outcomes.csv", FORM.outcome)


def test_words_and_the_codes_of_the_form_are_understood(tmp_path: Path) -> None:
    text = "id,outcome,date\na,default,2026-05-31\nb,Repaid,2026-06-01T10:00:00\nc,2,2026-06-02\n"

    found = read(tmp_path, text + "d,1,2026-06-03\ne,0,2026-06-04\n\n")

    assert {name: each.defaulted for name, each in found.became.items()} == {
        "a": True,
        "b": False,
        "c": True,
        "d": False,
        "e": None,
    }
    assert found.became["b"] == Became(3, defaulted=False, date=date(2026, 6, 1), override="")
    assert not found.by_reference
    assert found.refused == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_of_a_spreadsheet_is_read(tmp_path: Path, encoding: str) -> None:
    text = "Reference;Outcome;Date;Override\r\nZoë 1;default;2026-05-31;DECLINED\r\n"

    found = read(tmp_path, text, encoding)

    assert found.by_reference
    assert found.became == {
        "Zoë 1": Became(2, defaulted=True, date=date(2026, 5, 31), override="DECLINED")
    }


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a,repaid,2026-05-31", "line 3: found a again, expected it once: line 2"),
        ("b,repaid,31.5.2026", "line 3: found the date '31.5.2026', expected one such as 2026-05"),
        ("b,repaid", "line 3: found the date '', expected one such as"),
        ("b,paid,2026-05-31", "line 3: found the outcome 'paid', expected one of default, repaid"),
        (",repaid,2026-05-31", "line 3: found no id, expected that of a decision"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_and_the_others_are_read(
    tmp_path: Path, line: str, problem: str
) -> None:
    found = read(tmp_path, f"id,outcome,date\na,default,2026-05-31\n{line}\nz,repaid,2026-05-31\n")

    assert [*found.became] == ["a", "z"]
    (said,) = found.refused
    assert said.startswith(problem)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"id,outcome\na,default\n", b"id,outcome,date\n\xff,1,2\n", b"PAR1\0\1"]
)
def test_another_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "outcomes.csv").write_bytes(content)

    with pytest.raises(DataError, match=r"outcomes.csv: found .*expected a header with id, deci"):
        read_outcomes(tmp_path / "outcomes.csv", FORM.outcome)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv: No such file or directory, expected a header"):
        read_outcomes(tmp_path / "gone.csv", FORM.outcome)
