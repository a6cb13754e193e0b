import uuid

from credit_risk.decision_log.ids import new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    found = uuid.UUID(new_id())

    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert str(found) == str(found).lower()


def test_no_two_are_alike_and_later_ones_come_later() -> None:
    found = [new_id() for _ in range(10_000)]
    times = [each[:13] for each in found]

    assert len(set(found)) == len(found)
    assert times == sorted(times)
