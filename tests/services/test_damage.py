"""A bit that flips in whatever is sealed is named, with what to do: by the doctor, the start, readiness and the console."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from app import lifespan, registry
from app.cli import doctor
from app.domain.actor import SYSTEM
from app.domain.credentials.credential import CredentialPatch, KeyState
from app.domain.errors import PatchbayError
from app.domain.providers.provider import ProviderDraft
from app.services import credentials, damage, providers, readiness
from app.storage import crypto, sealed_values
from app.vault import ring
from tests.fixtures.databases import Database
from tests.fixtures.rest import SECRET, body

PARTS = ("the prefix", "the id of the master key", "the data key", "the text")
SEALED = [f"{table.name}.{column.name}" for table, column in crypto.sealed_columns()]


@pytest.fixture
async def furnished(stored: Database) -> AsyncIterator[Database]:
    """A value in every sealed column, the house closed again."""
    async with lifespan.runtime(serving=False):
        await providers.create(SYSTEM, ProviderDraft.model_validate(body("acme")))
    ring.install(None)
    yield stored
    ring.install(None)


def flipped(value: str, part: int) -> str:
    """One bit of one of the four parts: the first one from its middle on after which the text is still base64."""
    parts = value.split(".")
    text = parts[part]
    at = next(at for at in range(len(text) // 2, len(text)) if (chr(ord(text[at]) ^ 1)).isalnum())
    parts[part] = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
    return ".".join(parts)


def rows(db: Database, place: str) -> Iterator[tuple[str, str]]:
    """(value, what names it) of each value in a column."""
    table, column = place.split(".")
    named = {"credential_secret": "field", "system_secret": "name", "crypto_key": "kid"}[table]
    yield from db.rows(f"SELECT {column}, {named} FROM {table} ORDER BY {named}")  # noqa: S608 - our own names


def replace(db: Database, place: str, old: str, new: str) -> None:
    table, column = place.split(".")
    db.run(f"UPDATE {table} SET {column} = '{new}' WHERE {column} = '{old}'")  # noqa: S608 - our own names


async def told(what: str = "fail") -> list[str]:
    ring.install(None)
    return [found.sentence for found in await doctor._data() if found.state == what]


def test_every_sealed_column_is_looked_at() -> None:
    assert set(sealed_values.OF) == {place.partition(".")[0] for place in SEALED}


async def test_where_all_is_sound_nothing_is_named(furnished: Database) -> None:
    assert await told() == []
    assert "Every one of them opens." in await told("ok")


@pytest.mark.parametrize("part", range(4), ids=PARTS)
@pytest.mark.parametrize("place", SEALED)
async def test_the_doctor_names_it_and_says_what_to_do(furnished: Database, place: str, part: int) -> None:
    for value, name in list(rows(furnished, place)):
        replace(furnished, place, value, flipped(value, part))

        (sentence,) = await told()

        assert name in sentence
        if place == "credential_secret.value":
            assert "provider acme" in sentence
            assert "Enter this key again" in sentence
        else:
            assert "from a backup" in sentence
        replace(furnished, place, flipped(value, part), value)
    assert await told() == []


@pytest.mark.parametrize("part", range(4), ids=PARTS)
@pytest.mark.parametrize("place", [place for place in SEALED if not place.startswith("credential")])
async def test_a_start_that_is_refused_names_it_too(furnished: Database, place: str, part: int) -> None:
    value, name = next(rows(furnished, place))
    replace(furnished, place, value, flipped(value, part))

    with pytest.raises(PatchbayError) as refused:
        async with lifespan.runtime(serving=False):
            pass

    assert name in refused.value.message
    assert "backup" in refused.value.message


@pytest.mark.parametrize("state", ["active", "standby", "disabled"])
async def test_a_start_goes_on_without_the_key_of_a_provider_and_says_so(
    furnished: Database, caplog: pytest.LogCaptureFixture, state: str
) -> None:
    furnished.run(f"UPDATE credential SET state = '{state}'")  # noqa: S608 - our own text
    ((value, _),) = rows(furnished, "credential_secret.value")
    replace(furnished, "credential_secret.value", value, flipped(value, 3))

    with caplog.at_level(logging.WARNING):
        async with lifespan.runtime(serving=False):
            ready = await readiness.look()
            status = registry.shared.status()
            page = await credentials.list_(SYSTEM, "acme")
            await credentials.update(SYSTEM, page[0].id, CredentialPatch.model_validate({"secret": {"api_key": SECRET}}))
            mended = await readiness.look()

    label = page[0].label
    assert (ready.ready, ready.unreadable, mended.unreadable) == (True, 1, 0)
    assert status["unreadable_keys"] == [{"provider": "acme", "key": label}]
    assert page[0].state is KeyState.UNREADABLE
    assert f"The key '{label}' of the provider 'acme' cannot be opened" in caplog.text
    assert value not in caplog.text


async def test_what_is_in_the_trash_is_named_without_haste(furnished: Database) -> None:
    async with lifespan.runtime(serving=False):
        await providers.delete(SYSTEM, "acme")
    ((value, _),) = rows(furnished, "credential_secret.value")
    replace(furnished, "credential_secret.value", value, flipped(value, 3))

    (sentence,) = await told()

    assert "in the trash" in sentence


async def test_a_row_that_was_moved_is_no_less_damaged(furnished: Database) -> None:
    furnished.run("UPDATE credential SET origin = 'https://elsewhere.example:443'")

    (sentence,) = await told()

    assert "provider acme" in sentence


async def test_a_viewer_may_look_and_sees_no_value(furnished: Database) -> None:
    ((value, _),) = rows(furnished, "credential_secret.value")
    replace(furnished, "credential_secret.value", value, flipped(value, 3))

    async with lifespan.runtime(serving=False):
        (found,) = await damage.find(doctor._DOCTOR)

    assert (found.place, found.provider, found.kind) == ("credential_secret", "acme", "auth_failed")
    assert flipped(value, 3) not in found.model_dump_json() + found.sentence
