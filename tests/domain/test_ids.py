import uuid

from app.domain.ids import uuid7


def test_ids_are_version_7_and_ordered_by_time() -> None:
    ids = [uuid7() for _ in range(50)]

    assert {(uuid.UUID(i).version, uuid.UUID(i).variant) for i in ids} == {(7, uuid.RFC_4122)}
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)
    assert len(set(ids)) == 50
