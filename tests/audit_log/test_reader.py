"""The lines of a file; which entries a log holds, and under which header."""

import json
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log import BrokenLogError, LogKind, LogWriter, checked_content, read_entries
from audit_log.reader import followers, read_headers, read_last_line, read_lines
from audit_log.records import GENESIS_HASH, append

HEADER = {"file": "log", "begun": "2026-03-01T12:00:00+00:00", "continues": None, "sequence": 7}
Begin = Callable[..., LogWriter]


def chain(*contents: object) -> list[bytes]:
    """Lines with this in them, each with the hash of the one before."""
    previous, lines = GENESIS_HASH, []
    for content in contents:
        line, previous = append(json.dumps(content).encode(), previous)
        lines.append(line)
    return lines


def numbered(contents: list[dict[str, Any]]) -> list[bytes]:
    """A file of entries with this in them."""
    return chain(HEADER, *({"sequence": n, **each} for n, each in enumerate(contents, start=8)))


def read(lines: Iterable[bytes]) -> list[int]:
    """Sequences of the lines, as a file gives them."""
    return [fields["sequence"] for fields in read_lines("log", BytesIO(b"".join(lines)))]


contents = st.lists(
    st.dictionaries(
        st.sampled_from(["id", "reasons", "hash", "previous\n"]),
        st.text() | st.floats(allow_nan=False) | st.none(),
        min_size=1,
    ),
    min_size=2,
    max_size=6,
)


@given(contents)
def test_what_was_written_is_read(written: list[dict[str, Any]]) -> None:
    found = list(read_lines("log", numbered(written)))

    assert [fields["previous"] for fields in found[1:]] == [fields["hash"] for fields in found[:-1]]
    assert [fields["sequence"] for fields in found] == list(range(7, 8 + len(written)))


def test_any_changed_byte_but_the_last_newline_is_found() -> None:
    lines = chain(HEADER, {"sequence": 8, "name": "Zoë\n"})
    log = bytearray(b"".join(lines))
    not_found = []

    for place in range(len(log) - 1):
        right = log[place]
        for wrong in set(range(256)) - {right}:
            log[place] = wrong
            try:
                read([log])
            except BrokenLogError:
                continue
            not_found.append((place, wrong))
        log[place] = right

    assert not_found == []
    assert read([log]) == [7, 8]


@given(contents, st.data())
def test_a_line_that_is_gone_from_the_middle_is_found(
    written: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = numbered(written)
    gone = data.draw(st.integers(1, len(lines) - 2))
    del lines[gone]

    with pytest.raises(BrokenLogError, match=f"line {gone + 1}: found a line that does not follow"):
        read(lines)


def test_lines_that_changed_places_are_found() -> None:
    lines = numbered([{"id": number} for number in range(4)])
    lines[1], lines[2] = lines[2], lines[1]

    with pytest.raises(BrokenLogError, match="line 2: found a line that does not follow"):
        read(lines)


@given(contents, st.data())
def test_a_torn_last_line_is_skipped_wherever_it_is_torn(
    written: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = numbered(written)
    kept = data.draw(st.integers(0, len(lines[-1]) - 1))

    assert len(read([*lines[:-1], lines[-1][:kept]])) == len(lines) - 1


@pytest.mark.parametrize("wrong", [{"sequence": 8}, {"sequence": 10}, {"sequence": "9"}, {"id": 9}])
def test_an_entry_with_another_number_is_refused(wrong: object) -> None:
    with pytest.raises(BrokenLogError, match=r"^line 3: found the sequence .*, expected 9$"):
        read(chain(HEADER, {"sequence": 8}, wrong))


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
        read(chain(wrong))


def test_the_header_of_another_file_is_refused() -> None:
    with pytest.raises(BrokenLogError, match=r"line 1: found the header of x{100}, expected that"):
        read(chain(HEADER | {"file": "x" * 5000}))


def test_headers_are_found_where_they_are_whole(tmp_path: Path) -> None:
    for name, content in {
        "first": b"".join(chain(HEADER | {"file": "first"}, {"sequence": 8})),
        "second": b"".join(chain(HEADER | {"file": "second", "continues": "first"})),
        "empty": b"",
        "torn": chain(HEADER | {"file": "torn"})[0][:-5],
        "copied": b"".join(chain(HEADER)),
        "odd": b"[1]\n",
        "bytes": b"\xff\n",
    }.items():
        (tmp_path / name).write_bytes(content)
    headers, errors = read_headers([*sorted(tmp_path.iterdir()), tmp_path / "gone"])

    assert headers.keys() == {"first", "second"}
    assert followers(headers) == {"first": headers["second"]}
    assert [str(error).partition(": ")[0] for error in errors[:-1]] == ["bytes", "copied", "odd"]
    assert isinstance(errors[-1], FileNotFoundError)


@pytest.mark.parametrize("long", [{}, {"id": "x" * 200_000}], ids=["short", "long"])
def test_the_last_line_is_the_last_whole_one(tmp_path: Path, long: dict[str, str]) -> None:
    path = tmp_path / "log"
    lines = chain({"id": "a"}, {"id": "b", **long}, {"id": "torn", **long})
    for whole in (1, 2):
        for torn in (b"", lines[2][:-1]):
            path.write_bytes(b"".join(lines[:whole]) + torn)

            assert read_last_line(path) == json.loads(lines[whole - 1])

    for content in (b"", lines[0][:-1]):
        path.write_bytes(content)
        with pytest.raises(BrokenLogError):
            read_last_line(path)


def write(writer: LogWriter, *names: str) -> None:
    writer.append([{"id": name} for name in names])


def entries(path: Path, kind: LogKind) -> list[tuple[str, list[str]]]:
    return [
        (header["program"], [entry["id"] for entry in part])
        for header, part in read_entries(path, kind)
    ]


def fails(*names: str) -> Iterator[dict[str, Any]]:
    """Entries of which the last cannot be made; the writer writes 500 at once."""
    for name in names:
        yield from ({"id": name} for _ in range(500))
    raise OSError(28, "No space left on device")


def test_each_entry_comes_with_the_header_of_its_file(
    tmp_path: Path, begin: Begin, kind: LogKind
) -> None:
    for program in ("p:1", "p:2"):
        writer = begin(program=program)
        write(writer, "a", "b")
        writer.close()

    assert entries(tmp_path, kind) == [("p:1", ["a", "b"]), ("p:2", ["a", "b"])]


def test_a_file_is_read_alone(tmp_path: Path, begin: Begin, kind: LogKind) -> None:
    write(begin(program="p"), "a")
    write(begin(worker=2, program="p"), "b")

    assert [entries(path, kind) for path in sorted(tmp_path.iterdir())] == [
        [("p", ["a"])],
        [("p", ["b"])],
    ]


def test_what_was_refused_because_writing_failed_is_no_entry(
    tmp_path: Path, begin: Begin, kind: LogKind
) -> None:
    writer = begin(program="p")
    write(writer, "answered")
    with pytest.raises(OSError, match="No space"):
        writer.append(fails("refused"))
    write(writer, "later")

    assert "refused" in "".join(path.read_text() for path in tmp_path.iterdir())
    assert entries(tmp_path, kind) == [("p", ["answered"]), ("p", ["later"])]


@pytest.mark.parametrize(
    ("keep", "found"), [(-5, [("p", ["a"])]), (0, []), (7, [])], ids=["entry", "empty", "header"]
)
def test_a_torn_last_line_is_no_entry(
    tmp_path: Path, begin: Begin, kind: LogKind, keep: int, found: list[Any]
) -> None:
    write(begin(program="p"), "a", "b")
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:keep])

    assert entries(tmp_path, kind) == found


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_changed_line_is_named_with_its_file(
    tmp_path: Path, begin: Begin, kind: LogKind, line: int
) -> None:
    write(begin(program="p"), "a", "b")
    (path,) = tmp_path.iterdir()
    lines = path.read_text().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace("{", '{"x":1,', 1)
    path.write_text("".join(lines))

    with pytest.raises(BrokenLogError, match=rf"^{path.name}: line {line}: found a line"):
        entries(tmp_path, kind)


def test_parts_are_small_and_progress_is_told_file_by_file(
    tmp_path: Path, begin: Begin, kind: LogKind
) -> None:
    write(begin(), *map(str, range(2300)))
    write(begin(worker=2), "h")
    done: list[float] = []

    found = [[each["id"] for each in part] for _, part in read_entries(tmp_path, kind, done.append)]

    assert list(map(len, found)) == [1000, 1000, 300, 1]
    assert sum(found, []) == [*map(str, range(2300)), "h"]  # noqa: RUF017  a few
    assert done == sorted(done)
    assert (len(done), done[-1]) == (2, 1.0)


def test_a_file_as_written_holds_the_fields_that_were_written(
    tmp_path: Path, begin: Begin, kind: LogKind
) -> None:
    write(begin(), "a")
    (path,) = tmp_path.iterdir()
    ((header, (entry,)),) = read_entries(path, kind)

    assert [header, entry] == [json.loads(line) for line in path.read_text().splitlines()]


def test_a_copy_is_not_read_a_second_time(tmp_path: Path, begin: Begin, kind: LogKind) -> None:
    write(begin(program="p"), "a")
    (path,) = tmp_path.iterdir()
    copy = path.with_name(path.name.replace("_w1_", "_w2_"))
    copy.write_bytes(path.read_bytes())

    with pytest.raises(
        BrokenLogError, match=f"^{copy.name}: line 1: found the header of {path.name}"
    ):
        entries(tmp_path, kind)


@pytest.mark.parametrize("error", [KeyError("reasons"), TypeError("x" * 5000), ValueError("1")])
def test_content_that_no_service_wrote_is_told_with_its_file(
    kind: LogKind, error: Exception
) -> None:
    with (
        pytest.raises(BrokenLogError, match=r"^x\.jsonl: found what no service wrote") as told,
        checked_content({"file": "x.jsonl"}, kind),
    ):
        raise error

    assert str(told.value).endswith("expected payments")
    assert len(str(told.value)) < 200
