from hashlib import sha256

import pytest

from audit_log import BrokenLogError
from audit_log.records import GENESIS_HASH, append, verify


def test_a_line_holds_its_content_the_hash_before_and_its_own() -> None:
    line, digest = append(b'{"id":7}', GENESIS_HASH)

    assert line == b'{"id":7,"previous":"%b","hash":"%b"}\n' % (b"0" * 64, digest.encode())
    assert verify(line[:-1]) == {"id": 7, "previous": GENESIS_HASH, "hash": digest}


@pytest.mark.parametrize(
    "body", [b'{"id":7', b'[1,"previous":"0"', b'{"id":"\xff","previous":"0"', b'{"a":' * 10**5]
)
def test_a_line_that_was_made_in_another_way_is_refused(body: bytes) -> None:
    line = b'%b,"hash":"%b"}' % (body, sha256(body).hexdigest().encode())

    with pytest.raises(BrokenLogError, match="found a line of another kind, expected a JSON"):
        verify(line)
