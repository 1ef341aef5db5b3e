"""The boot matrix: which keys meet which database, and what happens."""

import asyncio
import base64
import multiprocessing
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from app import settings
from app.domain.actor import ANONYMOUS, SYSTEM, Actor
from app.domain.errors import CanaryCorrupt, Forbidden, KeyFileUnsafe, KeyMismatch, KeyMissing, SecretUnreadable, StorageError
from app.domain.secret import Binding, Sealed, Secret
from app.services import keyring
from app.storage.database import engine
from app.storage.tables import CredentialRow, CredentialSecret, CryptoKey, ProviderRow, SystemSecret
from app.storage.work import work
from app.vault import envelope, keyfile, ring, sealed_format
from app.vault.open import open_secret
from tests.fixtures.databases import Database

pytestmark = pytest.mark.usefixtures("db")
OLD, NEW = (bytes([number, *range(31)]) for number in (1, 2))


def text(*keys: bytes) -> str:
    return ",".join(base64.urlsafe_b64encode(key).decode() for key in keys)


def sql(db: Database, statement: str) -> list[tuple[object, ...]]:
    return db.rows(statement)


@pytest.fixture(autouse=True)
def _no_ring(db: Database) -> None:
    ring.install(None)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give this process these keys, as a restart with another environment would."""

    def give(*given: bytes) -> None:
        ring.install(None)
        monkeypatch.setenv("PATCHBAY_MASTER_KEYS", text(*given)) if given else monkeypatch.delenv("PATCHBAY_MASTER_KEYS", raising=False)
        settings.current.cache_clear()

    return give


async def boot(**options: bool) -> ring.Ring:
    await keyring.open_ring(**options)
    return ring.current()


async def store_credential(under: ring.Ring) -> tuple[Sealed, Binding]:
    """A provider whose key is sealed under this ring."""
    provider = ProviderRow(name="p", label="P", type="custom", base_url="https://h/v1", origin="https://h:443", auth_type="api_key")
    credential = CredentialRow(provider_id=provider.id, label="k", origin=provider.origin)
    place = Binding("credential_secret", credential.id, "api_key", provider.origin)
    sealed = envelope.seal(under, Secret("sk-stored"), place)
    async with work(SYSTEM, audited=False) as doing:
        doing.session.add(provider)
        await doing.session.flush()
        doing.session.add(credential)
        await doing.session.flush()
        doing.session.add(CredentialSecret(credential_id=credential.id, field="api_key", value=sealed, fingerprint="0" * 12))
    return sealed, place


async def rotate_to_new(keys: Callable[..., None]) -> tuple[Sealed, Binding]:
    """A database whose active key is NEW and which still holds a credential under OLD."""
    keys(OLD)
    first = await boot()
    stored = await store_credential(first)
    both = ring.Ring(first.instance_id, {sealed_format.kid_of(OLD): OLD, sealed_format.kid_of(NEW): NEW}, active=sealed_format.kid_of(NEW))
    canary = envelope.seal(both, Secret(f"canary:{both.instance_id}"), ring.canary_binding(both.active))
    async with work(SYSTEM, audited=False) as doing:
        row = await doing.session.get_one(CryptoKey, sealed_format.kid_of(OLD))
        row.state = "decrypt_only"
        doing.session.add(row)
        await doing.session.flush()
        doing.session.add(CryptoKey(kid=both.active, state="active", canary=canary))
        for name in ring.SYSTEM_KEYS:
            secret = await doing.session.get_one(SystemSecret, name)
            secret.value = both.reseal(secret.value)
            doing.session.add(secret)
    return stored


async def test_an_empty_database_without_a_key_gets_one(db: Database, data_dir: Path) -> None:
    made = await boot()

    assert (data_dir / "keys" / "master.key").exists()
    assert sql(db, "SELECT kid, state FROM crypto_key") == [(made.active, "active")]
    assert sql(db, "SELECT action, target_id FROM audit") == [("master_key:ring:register", made.active)]
    assert made.seal_audit(b"x")


async def test_an_empty_database_registers_the_key_it_is_given(db: Database, data_dir: Path, keys: Callable[..., None]) -> None:
    keys(OLD)
    made = await boot()

    assert made.active == sealed_format.kid_of(OLD)
    assert not (data_dir / "keys").exists()


async def test_a_second_server_on_a_shared_database_is_told_which_key_it_needs(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await boot()
    monkeypatch.setenv("PATCHBAY_DATABASE_URL", settings.current().url)
    monkeypatch.setenv("PATCHBAY_DATA_DIR", str(tmp_path / "other"))
    settings.current.cache_clear()

    with pytest.raises(KeyMissing, match=f"{first.active}.*PATCHBAY_MASTER_KEY_FILE"):
        await boot()

    assert not (tmp_path / "other" / "keys").exists()


async def test_of_two_first_starts_on_different_machines_the_slower_one_takes_its_key_back(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHBAY_DATABASE_URL", settings.current().url)
    found = keyfile.find

    def slower(options: settings.Settings) -> keyfile.Found | None:
        """Nothing yet; and while we look, the other machine registers its key."""
        nothing = found(options)
        monkeypatch.setattr(keyfile, "find", found)
        process = multiprocessing.get_context("spawn").Process(target=_start, args=(str(tmp_path / "faster"),))
        process.start()
        process.join(60)
        assert process.exitcode == 0
        return nothing

    monkeypatch.setattr(keyfile, "find", slower)
    monkeypatch.setattr(keyring.crypto, "keys", _none_once(keyring.crypto.keys))
    with pytest.raises(KeyMissing, match="PATCHBAY_MASTER_KEY_FILE"):
        await boot()

    assert (tmp_path / "faster" / "keys" / "master.key").exists()
    assert not keyfile.default_path(settings.current()).exists()
    assert sql(db, "SELECT count(*) FROM crypto_key") == [(1,)]


def _none_once(keys: Callable[..., Awaitable[list[CryptoKey]]]) -> Callable[..., Awaitable[list[CryptoKey]]]:
    """What was read before the other machine was done."""
    asked: list[bool] = []

    async def reading(session: AsyncSession) -> list[CryptoKey]:
        asked.append(True)
        return [] if len(asked) == 1 else await keys(session)

    return reading


async def test_the_second_start_finds_everything_and_writes_nothing(db: Database) -> None:
    first = await boot()
    before = db.dump()
    ring.install(None)
    second = await boot()

    assert second.fingerprint(Secret("sk")) == first.fingerprint(Secret("sk"))
    assert db.dump() == before


async def test_a_missing_key_is_named_and_never_generated_anew(data_dir: Path) -> None:
    expected = (await boot()).active
    (data_dir / "keys" / "master.key").unlink()
    ring.install(None)

    with pytest.raises(KeyMissing, match=expected):
        await boot()

    assert not (data_dir / "keys" / "master.key").exists()
    with pytest.raises(KeyMissing):
        ring.current()


async def test_other_keys_only_are_a_mismatch_that_shows_both_ids(keys: Callable[..., None]) -> None:
    keys(OLD)
    await boot()
    keys(NEW)

    with pytest.raises(KeyMismatch, match=f"{sealed_format.kid_of(OLD)}.*{sealed_format.kid_of(NEW)}"):
        await boot()


async def test_a_canary_that_does_not_open_under_its_own_key_is_corrupt(db: Database) -> None:
    await boot()
    value = str(sql(db, "SELECT canary FROM crypto_key")[0][0])
    flipped = value[:-6] + ("A" if value[-6] != "A" else "B") + value[-5:]
    db.run(f"UPDATE crypto_key SET canary = '{flipped}'")  # noqa: S608 - our own text

    with pytest.raises(CanaryCorrupt):
        await boot()


async def test_the_database_of_another_installation_is_refused_although_the_key_fits(db: Database) -> None:
    await boot()
    db.run("UPDATE instance SET instance_id = '01900000-0000-7000-8000-000000000000'")

    with pytest.raises(CanaryCorrupt):
        await boot()


async def test_the_database_says_which_key_is_active(keys: Callable[..., None]) -> None:
    await rotate_to_new(keys)
    keys(OLD, NEW)

    assert (await boot()).active == sealed_format.kid_of(NEW)


async def test_an_old_key_that_is_still_needed_is_asked_for(keys: Callable[..., None]) -> None:
    await rotate_to_new(keys)
    keys(NEW)

    with pytest.raises(KeyMissing, match=f"1 saved secrets.*{sealed_format.kid_of(OLD)}.*--allow-partial"):
        await boot()


async def test_a_partial_start_leaves_only_those_secrets_unreadable(keys: Callable[..., None]) -> None:
    sealed, place = await rotate_to_new(keys)
    keys(NEW)
    made = await boot(allow_partial=True)

    assert made.fingerprint(Secret("sk"))
    with pytest.raises(SecretUnreadable) as raised:
        open_secret(sealed, place)
    assert raised.value.details == {"kind": "missing_kid"}


async def test_both_keys_open_everything(keys: Callable[..., None]) -> None:
    sealed, place = await rotate_to_new(keys)
    keys(NEW, OLD)
    await boot()

    assert open_secret(sealed, place).reveal() == "sk-stored"


async def test_one_damaged_value_does_not_stop_the_start(db: Database, keys: Callable[..., None]) -> None:
    keys(OLD)
    await store_credential(await boot())
    db.run("UPDATE credential_secret SET value = 'X' || substr(value, 2)")

    await boot()


async def test_a_key_file_others_can_read_stops_the_start(data_dir: Path) -> None:
    await boot()
    (data_dir / "keys" / "master.key").chmod(0o644)

    with pytest.raises(KeyFileUnsafe, match="chmod 600"):
        await boot()


async def test_our_own_keys_that_are_gone_stop_the_start(db: Database) -> None:
    await boot()
    db.run("DELETE FROM system_secret WHERE name = 'audit_seal'")

    with pytest.raises(KeyMissing, match="audit_seal"):
        await boot()


async def test_a_removed_trigger_stops_the_start(db: Database) -> None:
    db.alter("DROP TRIGGER audit_no_update" + (" ON audit" if db.kind == "postgres" else ""))

    with pytest.raises(StorageError, match="audit_no_update"):
        await boot()


async def test_keys_leave_the_environment_unless_a_child_needs_them(keys: Callable[..., None]) -> None:
    keys(OLD)
    await boot(keep_environment=True)
    assert "PATCHBAY_MASTER_KEYS" in os.environ
    await boot()
    assert "PATCHBAY_MASTER_KEYS" not in os.environ


def _start(folder: str) -> None:
    """A whole start in a process of its own."""

    async def start() -> None:
        engine.open(settings.current().url)
        await keyring.open_ring()
        await engine.close()

    os.environ["PATCHBAY_DATA_DIR"] = folder
    asyncio.run(start())


async def test_two_first_starts_at_once_agree_on_one_key(db: Database, data_dir: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_start, args=(str(data_dir),)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        await asyncio.to_thread(process.join, 60)

    assert [process.exitcode for process in both] == [0, 0]
    assert sql(db, "SELECT count(*) FROM crypto_key") == [(1,)]
    await boot()


async def test_the_key_is_on_the_disk_before_anything_is_sealed_with_it(
    db: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(envelope, "seal", crash)
    with pytest.raises(OSError, match="power cut"):
        await boot()

    assert (data_dir / "keys" / "master.key").stat().st_size > 40
    assert sql(db, "SELECT count(*) FROM crypto_key") == [(0,)]
    monkeypatch.undo()
    monkeypatch.setenv("PATCHBAY_DATA_DIR", str(data_dir))
    settings.current.cache_clear()
    assert (await boot()).active


async def test_the_status_names_keys_and_their_use_and_shows_none(keys: Callable[..., None], actor: Actor) -> None:
    await rotate_to_new(keys)
    keys(NEW)
    await boot(allow_partial=True)
    status = await keyring.status(actor)

    assert {key.kid: (key.state, key.is_loaded, key.values) for key in status.keys} == {
        sealed_format.kid_of(OLD): ("decrypt_only", False, 1),
        sealed_format.kid_of(NEW): ("active", True, 3),
    }
    assert status.source == "the environment"
    assert text(NEW) not in status.model_dump_json()
    with pytest.raises(Forbidden):
        await keyring.status(ANONYMOUS)


def test_refusals_never_show_a_key(data_dir: Path, keys: Callable[..., None]) -> None:
    keys(OLD)
    (data_dir / "keys").mkdir(mode=0o700)
    keyfile.create(data_dir / "keys" / "master.key")
    with pytest.raises(KeyMismatch) as raised:
        keyfile.find(settings.current())

    assert text(OLD) not in f"{raised.value!r} {raised.value.details}"
