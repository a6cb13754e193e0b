import json
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_log.errors import BrokenLogError
from audit_log.records import GENESIS_HASH, lines_of, seal, unseal


def chain(contents: list[dict[str, Any]], previous: str = GENESIS_HASH) -> list[bytes]:
    lines = []
    for content in contents:
        line, previous = seal(json.dumps(content).encode(), previous)
        lines.append(line)
    return lines


def read(lines: list[bytes]) -> list[Any]:
    return list(lines_of(BytesIO(b"".join(lines))))


contents = st.lists(
    st.dictionaries(
        st.sampled_from(["id", "reasons", "hash", "previous\n"]),
        st.text() | st.floats(allow_nan=False) | st.none(),
        min_size=1,
    ),
    min_size=2,
    max_size=6,
)


def test_a_line_holds_its_content_the_hash_before_and_its_own() -> None:
    line, found = seal(b'{"id":7}', GENESIS_HASH)

    assert line == b'{"id":7,"previous":"%b","hash":"%b"}\n' % (b"0" * 64, found.encode())
    assert unseal(line[:-1]) == {"id": 7, "previous": GENESIS_HASH, "hash": found}


@given(contents)
def test_what_was_written_is_read(written: list[dict[str, Any]]) -> None:
    found = read(chain(written))

    assert [fields["previous"] for fields in found[1:]] == [fields["hash"] for fields in found[:-1]]
    assert len(found) == len(written)


def test_any_changed_byte_but_the_last_newline_is_found() -> None:
    log = bytearray(b"".join(chain([{"id": 7}, {"name": "Zoë\n"}])))
    not_found = []

    for place in range(len(log) - 1):
        right = log[place]
        for wrong in set(range(256)) - {right}:
            log[place] = wrong
            try:
                read([bytes(log)])
            except BrokenLogError:
                continue
            not_found.append((place, wrong))
        log[place] = right

    assert not_found == []
    assert len(read([bytes(log)])) == 2


@pytest.mark.parametrize(
    "body", [b'{"id":7', b'[1,"previous":"0"', b'{"id":"\xff","previous":"0"', b'{"a":' * 10**5]
)
def test_a_line_that_was_made_in_another_way_is_refused(body: bytes) -> None:
    line = b'%b,"hash":"%b"}' % (body, sha256(body).hexdigest().encode())

    with pytest.raises(BrokenLogError, match="found a line of another kind, expected a JSON"):
        unseal(line)


@given(contents, st.data())
def test_a_line_that_is_gone_from_the_middle_is_found(
    written: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = chain([*written, {"id": "last"}])
    gone = data.draw(st.integers(1, len(lines) - 2))
    del lines[gone]

    with pytest.raises(BrokenLogError, match=f"line {gone + 1}: found a line that does not follow"):
        read(lines)


def test_lines_that_changed_places_are_found() -> None:
    lines = chain([{"id": number} for number in range(4)])
    lines[1], lines[2] = lines[2], lines[1]

    with pytest.raises(BrokenLogError, match="line 2: found a line that does not follow"):
        read(lines)


@given(contents, st.data())
def test_a_torn_last_line_is_skipped_wherever_it_is_torn(
    written: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = chain(written)
    kept = data.draw(st.integers(0, len(lines[-1]) - 1))

    assert len(read([*lines[:-1], lines[-1][:kept]])) == len(lines) - 1
