import gzip
from pathlib import Path
from typing import Any

import pytest

from credit_risk.errors import DataError
from credit_risk.files.delimited import DelimitedFile

KNOWN = {"a", "b", "c"}
PLAIN = "a,b\n1,x\n2,y\n3,z\n"


def rows(path: Path, size: int = 1 << 20) -> list[tuple[Any, ...]]:
    """Line, cells and error of each row."""
    found = []
    for part in DelimitedFile(path, KNOWN, size).parts():
        cells = part.cells.to_pylist()
        for place, (line, row) in enumerate(zip(part.lines.tolist(), cells, strict=True)):
            found.append((line, *row.values(), *filter(None, [part.refused.get(place)])))
    return found


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "x.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.rstrip(),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace("1,x", '"1","x"'),
        "\ufeff" + PLAIN,
        PLAIN.encode("utf-16"),
        gzip.compress(PLAIN.encode(), mtime=0),
        gzip.compress(PLAIN.encode("utf-16"), mtime=0),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1000])
def test_however_it_is_written_the_rows_are_the_same(
    tmp_path: Path, content: str | bytes, size: int
) -> None:
    expected = [(2, "1", "x"), (3, "2", "y"), (4, "3", "z")]

    assert rows(written(tmp_path, content), size) == expected


@pytest.mark.parametrize("size", range(1, 30))
def test_a_part_ends_where_a_row_does(tmp_path: Path, size: int) -> None:
    content = 'a,b\n1,"x\n""y"",\n"\n\n2,"q"\n"3\n\n",z\n'
    expected = [(2, "1", 'x\n"y",\n'), (6, "2", "q"), (7, "3\n\n", "z")]

    assert rows(written(tmp_path, content), size) == expected


@pytest.mark.parametrize("size", [1, 6, 1000])
def test_a_row_of_another_length_keeps_its_place_and_its_line(tmp_path: Path, size: int) -> None:
    content = "a,b\n1,x\n\n2\n3,z,9\n4,w\n"

    assert rows(written(tmp_path, content), size) == [
        (2, "1", "x"),
        (4, None, None, "row: found 1 cells; expected 2"),
        (5, None, None, "row: found 3 cells; expected 2"),
        (6, "4", "w"),
    ]


def test_blank_lines_and_excels_hint_before_the_header_are_left_out(tmp_path: Path) -> None:
    assert rows(written(tmp_path, "\n sep=|\n".replace(" ", "") + "a|b\n1,5|x\n")) == [
        (4, "1,5", "x")
    ]


def test_a_file_without_rows_gives_none(tmp_path: Path) -> None:
    assert rows(written(tmp_path, "a,b\n")) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "found an empty file, expected a header and rows"),
        ("\n\n", "found an empty file"),
        ("a,b,a\n", "found the column 'a' twice"),
        (b"a,\xff\n", "not UTF-8 in the header"),
        (b"a,b\n1,\xff\n", "line 2: found bytes that are not UTF-8"),
        (b"a,b\n1,2\n\xff\n3,4\n", "line 3: found bytes that are not UTF-8"),
        (
            'a,b\n1,x\n\n2,5" y\n3,z\n',
            "from line 2: found 3 rows on 2 lines, .* without a quote inside",
        ),
        ("a,b\n1,x\r2,y\n3,z\n", "from line 2: found 3 rows on 2 lines, expected as many"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:12] + b"odd" * 9, "expected a whole file"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-9], "expected a whole file"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: str | bytes, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        rows(written(tmp_path, content))
