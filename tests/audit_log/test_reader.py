"""Which decisions a log holds, and under which header."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from audit_log import reader as reading
from audit_log.errors import BrokenLogError
from audit_log.reader import no_progress, read_parts, understood
from audit_log.writer import Writer

Begin = Callable[..., Writer]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begin to write to the same folder, under a header of one's own."""
    writers = []

    def begin(model: str = "m:1", worker: int = 1, max_file_size: int = 10**6) -> Writer:
        writer = Writer(tmp_path, {"model": model}, worker=worker, max_file_size=max_file_size)
        writers.append(writer)
        return writer

    yield begin
    for writer in writers:
        writer.close()


def write(writer: Writer, *names: str) -> None:
    writer.write([{"id": name} for name in names])


def read(path: Path) -> list[tuple[str, list[str]]]:
    return [
        (header["model"], [decision["id"] for decision in part])
        for header, part in read_parts(path, no_progress)
    ]


def fails(*names: str) -> Iterator[dict[str, Any]]:
    """Entries of which the last cannot be made; the writer writes 500 at once."""
    for name in names:
        yield from ({"id": name} for _ in range(500))
    raise OSError(28, "No space left on device")


def test_each_decision_comes_with_the_header_of_its_file(tmp_path: Path, begin: Begin) -> None:
    for model in ("m:1", "m:2"):
        writer = begin(model)
        write(writer, "a", "b")
        writer.close()

    assert read(tmp_path) == [("m:1", ["a", "b"]), ("m:2", ["a", "b"])]


def test_a_file_is_read_alone(tmp_path: Path, begin: Begin) -> None:
    write(begin(), "a")
    write(begin(worker=2), "b")

    assert [read(path) for path in sorted(tmp_path.iterdir())] == [
        [("m:1", ["a"])],
        [("m:1", ["b"])],
    ]


def test_what_was_refused_because_writing_failed_is_no_decision(
    tmp_path: Path, begin: Begin
) -> None:
    writer = begin()
    write(writer, "answered")
    with pytest.raises(OSError, match="No space"):
        writer.write(fails("refused"))
    write(writer, "later")

    assert "refused" in "".join(path.read_text() for path in tmp_path.iterdir())
    assert read(tmp_path) == [("m:1", ["answered"]), ("m:1", ["later"])]


def test_a_torn_last_line_is_no_decision(tmp_path: Path, begin: Begin) -> None:
    write(begin(), "a", "b")
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])

    assert read(tmp_path) == [("m:1", ["a"])]


@pytest.mark.parametrize("content", [b"", b'{"torn'])
def test_a_file_without_a_header_holds_nothing(
    tmp_path: Path, begin: Begin, content: bytes
) -> None:
    write(begin(), "a")
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)

    assert read(tmp_path) == []


@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_changed_line_is_named_with_its_file(tmp_path: Path, begin: Begin, line: int) -> None:
    write(begin(), "a", "b")
    (path,) = tmp_path.iterdir()
    lines = path.read_text().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace("{", '{"x":1,', 1)
    path.write_text("".join(lines))

    with pytest.raises(BrokenLogError, match=rf"^{path.name}: line {line}: found a line"):
        read(tmp_path)


def test_parts_are_small_and_progress_is_told_file_by_file(
    tmp_path: Path, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 3)
    write(begin(), *"abcdefg")
    write(begin(worker=2), "h")
    done: list[float] = []

    found = [[each["id"] for each in part] for _, part in read_parts(tmp_path, done.append)]

    assert found == [["a", "b", "c"], ["d", "e", "f"], ["g"], ["h"]]
    assert done == sorted(done)
    assert (len(done), done[-1]) == (2, 1.0)


def test_a_file_as_written_holds_the_fields_that_were_written(tmp_path: Path, begin: Begin) -> None:
    write(begin(), "a")
    (path,) = tmp_path.iterdir()
    ((header, (decision,)),) = read_parts(path, no_progress)

    assert [header, decision] == [json.loads(line) for line in path.read_text().splitlines()]


def test_a_copy_is_not_read_a_second_time(tmp_path: Path, begin: Begin) -> None:
    write(begin(), "a")
    (path,) = tmp_path.iterdir()
    copy = path.with_name(path.name.replace("_w1_", "_w2_"))
    copy.write_bytes(path.read_bytes())

    with pytest.raises(
        BrokenLogError, match=f"^{copy.name}: line 1: found the header of {path.name}"
    ):
        read(tmp_path)


@pytest.mark.parametrize("error", [KeyError("reasons"), TypeError("x" * 5000), ValueError("1")])
def test_a_decision_that_no_service_wrote_is_told_with_its_file(error: Exception) -> None:
    with (
        pytest.raises(BrokenLogError, match=r"^x\.jsonl: found what no service wrote") as told,
        understood({"file": "x.jsonl"}),
    ):
        raise error

    assert len(str(told.value)) < 200
