import json
from pathlib import Path

import pytest

from audit_log.errors import BrokenLogError
from audit_log.links import followed, read_header, read_headers, read_lines
from audit_log.records import GENESIS_HASH, seal

HEADER = {"file": "log", "begun": "2026-03-01T12:00:00+00:00", "continues": None, "sequence": 7}


def lines(*contents: object) -> list[bytes]:
    """Well-formed lines with this in them."""
    previous, made = GENESIS_HASH, []
    for content in contents:
        line, previous = seal(json.dumps(content).encode(), previous)
        made.append(line)
    return made


def read(*contents: object) -> list[int]:
    return [fields["sequence"] for fields in read_lines(Path("log"), lines(*contents))]


def test_decisions_are_counted_from_the_header_on() -> None:
    assert read(HEADER, {"sequence": 8}, {"sequence": 9}) == [7, 8, 9]


@pytest.mark.parametrize("wrong", [{"sequence": 8}, {"sequence": 10}, {"sequence": "9"}, {"id": 9}])
def test_a_decision_with_another_number_is_refused(wrong: object) -> None:
    with pytest.raises(BrokenLogError, match=r"^line 3: found the sequence .*, expected 9$"):
        read(HEADER, {"sequence": 8}, wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sequence": 8, "id": "a"},
        HEADER | {"sequence": "7"},
        HEADER | {"continues": ["log"]},
        HEADER | {"begun": None},
        {name: value for name, value in HEADER.items() if name != "continues"},
    ],
)
def test_another_first_line_than_a_header_is_refused(wrong: object) -> None:
    with pytest.raises(BrokenLogError, match="line 1: found another line, expected the header"):
        read(wrong)


def test_the_header_of_another_file_is_refused() -> None:
    name = "x" * 5000

    with pytest.raises(BrokenLogError, match=r"line 1: found the header of x{100}, expected that"):
        read(HEADER | {"file": name})


def test_headers_are_found_where_they_are_whole(tmp_path: Path) -> None:
    for name, content in {
        "first": b"".join(lines(HEADER | {"file": "first"}, {"sequence": 8})),
        "second": b"".join(lines(HEADER | {"file": "second", "continues": "first"})),
        "empty": b"",
        "torn": lines(HEADER | {"file": "torn"})[0][:-5],
        "copied": b"".join(lines(HEADER)),
        "odd": b"[1]\n",
        "bytes": b"\xff\n",
    }.items():
        (tmp_path / name).write_bytes(content)
    headers = read_headers([*sorted(tmp_path.iterdir()), tmp_path / "gone"])

    assert headers.keys() == {"first", "second"}
    assert followed(headers) == {"first": headers["second"]}
    assert read_header(tmp_path / "torn") is None
    with pytest.raises(BrokenLogError):
        read_header(tmp_path / "copied")
