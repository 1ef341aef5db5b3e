"""A rotation step by step: what each step does, what it refuses, and that every secret opens all through it."""

# ruff: noqa: ASYNC240 - a key file of two lines holds nobody up

import base64
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app import settings
from app.domain.actor import Actor, ActorType, Role
from app.domain.errors import Conflict, Forbidden, InvalidDraft, KeyMissing, SecretUnreadable
from app.domain.ids import uuid7
from app.domain.keyring import MasterKeyState, Worker
from app.domain.secret import Binding, Sealed, Secret
from app.services import keyring, master_key
from app.storage import crypto, instance
from app.storage.database import engine
from app.storage.tables import CredentialRow, CredentialSecret, ProviderRow, now
from app.storage.work import work
from app.vault import envelope, keyfile, ring, sealed_format
from app.vault.open import open_secret
from tests.fixtures.databases import Database, only_sqlite

OLD, NEW, OTHER = (bytes([number, *range(31)]) for number in (1, 2, 3))


def text(*keys: bytes) -> str:
    return ",".join(base64.urlsafe_b64encode(key).decode() for key in keys)


@pytest.fixture(autouse=True)
async def _booted(db: Database) -> None:
    """A fresh installation with a key file of its own."""
    ring.install(None)
    await keyring.open_ring()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Another environment, as a restart brings it."""

    def give(*given: bytes) -> None:
        ring.install(None)
        monkeypatch.setenv("PATCHBAY_MASTER_KEYS", text(*given))
        settings.current.cache_clear()

    return give


@pytest.fixture
def file(data_dir: Path) -> Path:
    return data_dir / "keys" / "master.key"


async def store(actor: Actor, count: int) -> list[tuple[str, Binding]]:
    """Credentials of one provider, sealed under the active key: (plaintext, binding)."""
    provider = ProviderRow(name="p", label="P", type="custom", base_url="https://h/v1", origin="https://h:443", auth_type="api_key")
    rows = [CredentialRow(provider_id=provider.id, label=f"k{n}", origin=provider.origin) for n in range(count)]
    held, stored = ring.current(), []
    async with work(actor, audited=False) as doing:
        doing.session.add(provider)
        await doing.session.flush()
        doing.session.add_all(rows)
        await doing.session.flush()
        for row in rows:
            place = Binding("credential_secret", row.id, "api_key", row.origin)
            sealed = envelope.seal(held, Secret(f"sk-{row.label}"), place)
            doing.session.add(CredentialSecret(credential_id=row.id, field="api_key", value=sealed, fingerprint="0" * 12))
            stored.append((f"sk-{row.label}", place))
    return stored


def opened(db: Database) -> dict[str, str]:
    """Credential id → plaintext, of everything that is stored."""
    rows = db.rows("SELECT credential_id, value FROM credential_secret")
    return {i: open_secret(Sealed(v), Binding("credential_secret", i, "api_key", "https://h:443")).reveal() for i, v in rows}


def states(db: Database) -> dict[str, str]:
    return dict(db.rows("SELECT kid, state FROM crypto_key"))


def actions(db: Database) -> list[str]:
    return [a.removeprefix("master_key:ring:") for (a,) in db.rows("SELECT action FROM audit WHERE action LIKE 'master_key%' ORDER BY seq")]


async def beat(kids: list[str], *, age: float = 0) -> None:
    """A heartbeat of a process that holds these keys."""
    seen = now() - timedelta(seconds=age)
    worker = Worker(worker_id=uuid7(), kind="serve", host="box", pid=7, started_at=seen, seen_at=seen, kids=kids, revision=1)
    async with work(_CLI, audited=False) as doing:
        await instance.beat(doing.session, worker)


_CLI = Actor(ActorType.CLI, "cli:ada", "ada", Role.ADMIN)


async def test_a_rotation_changes_the_key_of_everything_and_loses_nothing(db: Database, actor: Actor, file: Path) -> None:
    stored = await store(actor, 3)
    old = ring.current().active
    fingerprint = ring.current().fingerprint(Secret("x"))

    added = await master_key.add(actor)
    await keyring.follow()
    active = await master_key.activate(actor)
    done = await master_key.rewrap(actor)
    retired = await master_key.retire(actor)

    assert (active, retired.kid) == (added.kid, old)
    assert (done.rewrapped, done.broken, done.left) == (3 + len(ring.SYSTEM_KEYS), 0, 0)
    assert states(db) == {old: "retired", added.kid: "active"}
    assert list(keyfile.find(settings.current()).keys) == [added.kid]  # type: ignore[union-attr] # there is one
    assert actions(db) == ["register", "add", "activate", "rewrap", "retire"]
    ring.install(None)
    await keyring.open_ring()  # a restart with the new key alone
    assert sorted(opened(db).values()) == sorted(text for text, _ in stored)
    assert ring.current().fingerprint(Secret("x")) == fingerprint


@only_sqlite
async def test_a_new_key_is_in_the_file_before_the_database_knows_it(
    db: Database, actor: Actor, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as cut:
        cut.setattr(envelope, "seal", crash)
        with pytest.raises(OSError, match="power cut"):
            await master_key.add(actor)
    waiting = file.read_text().split()
    added = await master_key.add(actor)

    assert len(waiting) == 2
    assert file.read_text().split() == waiting, "the second try takes the key that is there"
    assert states(db)[added.kid] == "staged"
    assert file.stat().st_mode & 0o777 == 0o600


@only_sqlite
async def test_a_key_of_ones_own_is_staged_once(db: Database, actor: Actor, file: Path) -> None:
    added = await master_key.add(actor, Secret(text(NEW)))

    assert added.kid == sealed_format.kid_of(NEW)
    assert added.key is None
    assert text(NEW) in file.read_text()
    with pytest.raises(Conflict, match="already known"):
        await master_key.add(actor, Secret(text(NEW)))
    with pytest.raises(InvalidDraft, match="44 characters") as raised:
        await master_key.add(actor, Secret("hunter2"))
    assert "hunter2" not in str(raised.value)


@only_sqlite
async def test_a_key_for_the_environment_is_printed_and_taken_once_it_is_there(
    db: Database, actor: Actor, file: Path, keys: Callable[..., None]
) -> None:
    own = keyfile.find(settings.current())
    assert own is not None
    keys(*own.keys.values())
    await keyring.open_ring(keep_environment=True)

    proposed = await master_key.add(actor)

    assert not proposed.is_staged
    assert proposed.key
    assert "PATCHBAY_MASTER_KEYS" in proposed.advice
    assert "restart" in proposed.advice
    assert len(states(db)) == 1
    keys(*own.keys.values(), base64.urlsafe_b64decode(proposed.key))
    await keyring.open_ring(keep_environment=True)
    file.unlink()
    assert (await master_key.add(actor)).is_staged
    assert states(db)[proposed.kid] == "staged"


@only_sqlite
async def test_a_named_file_is_not_ours_to_write(
    db: Database, actor: Actor, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "docker-secret"
    file.rename(named)
    monkeypatch.setenv("PATCHBAY_MASTER_KEY_FILE", str(named))
    settings.current.cache_clear()
    before = named.read_text()

    proposed = await master_key.add(actor)

    assert named.read_text() == before
    assert str(named) in proposed.advice
    assert proposed.key
    named.write_text(before + proposed.key)
    assert (await master_key.add(actor)).kid == proposed.kid
    await keyring.follow()
    assert await master_key.activate(actor) == proposed.kid, "a file is read without a restart"
    await master_key.rewrap(actor)
    assert str(named) in (await master_key.retire(actor)).advice


async def test_activating_waits_for_every_process_that_serves_and_names_the_one_that_lacks_it(db: Database, actor: Actor) -> None:
    added = await master_key.add(actor)
    await keyring.follow()
    old = ring.current().active
    await beat([old, added.kid])
    await beat([old])

    with pytest.raises(Conflict, match=r"serve on box \(process 7\) does not have"):
        await master_key.activate(actor)

    assert states(db) == {old: "active", added.kid: "staged"}
    db.run("DELETE FROM worker_heartbeat")
    await beat([old], age=61)  # it ended without a word
    assert await master_key.activate(actor) == added.kid


@only_sqlite
async def test_activating_needs_a_key_and_says_which_one_could_be_meant(db: Database, actor: Actor) -> None:
    with pytest.raises(Conflict, match="patchbay master-key create"):
        await master_key.activate(actor)
    with pytest.raises(Conflict, match="There is no master key 0123456789"):
        await master_key.activate(actor, "0123456789")
    one, two = await master_key.add(actor), await master_key.add(actor)
    await keyring.follow()
    with pytest.raises(Conflict) as raised:
        await master_key.activate(actor)

    assert set(raised.value.suggestions) == {one.kid, two.kid}
    assert await master_key.activate(actor, two.kid) == two.kid
    assert await master_key.activate(actor, two.kid) == two.kid, "asked again it says the same"
    assert actions(db).count("activate") == 1


@only_sqlite
async def test_a_rotation_can_be_taken_back(db: Database, actor: Actor) -> None:
    await store(actor, 2)
    old = ring.current().active
    added = await master_key.add(actor)
    await keyring.follow()
    await master_key.activate(actor)
    await master_key.rewrap(actor)

    await master_key.activate(actor, old)
    await master_key.rewrap(actor)
    await master_key.retire(actor, added.kid)

    assert states(db) == {old: "active", added.kid: "retired"}
    assert sorted(opened(db).values()) == ["sk-k0", "sk-k1"]
    with pytest.raises(Conflict, match="was retired"):
        await master_key.activate(actor, added.kid)


@only_sqlite
async def test_a_process_that_serves_follows_without_a_restart(db: Database, actor: Actor) -> None:
    stored = await store(actor, 1)
    serving = ring.current()  # what the server holds; the commands below are another process
    own = keyfile.find(settings.current())
    assert own is not None
    shell = ring.Ring(serving.instance_id, own.keys, active=own.first)
    async with engine.session() as session:
        shell.unlock(await crypto.system_secrets(session))

    ring.install(shell)
    added = await master_key.add(actor)
    ring.install(serving)
    await keyring.follow()
    assert added.kid in serving.kids
    assert serving.active == own.first
    ring.install(shell)
    keyring._stamp = ()  # the shell is another process and has not looked yet
    await keyring.follow()
    await master_key.activate(actor)
    await master_key.rewrap(actor)
    ring.install(serving)
    assert opened(db) == {place.row_id: text for text, place in stored}, "rewrapped values open before the process follows"
    await keyring.follow()
    assert serving.active == added.kid
    sealed = envelope.seal(serving, Secret("sk"), stored[0][1])
    assert sealed.kid == added.kid


@only_sqlite
async def test_an_unusable_key_file_does_not_stop_a_process_that_serves(
    db: Database, actor: Actor, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (secret, place), *_ = await store(actor, 1)
    file.chmod(0o644)
    file.write_text(file.read_text() + "nonsense")
    await keyring.follow()

    assert "is not used" in caplog.text
    assert "nonsense" not in caplog.text
    assert opened(db) == {place.row_id: secret}


async def test_rewrapping_goes_on_where_it_was_killed(db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(actor, 25)
    await master_key.add(actor)
    await keyring.follow()
    new = await master_key.activate(actor)
    monkeypatch.setattr(master_key, "BATCH", 10)
    swap, done = crypto.replace_value, 0

    async def dies(*arguments: object) -> bool:
        nonlocal done
        if done == 13:
            raise OSError("killed")
        done += 1
        return await swap(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as cut:
        cut.setattr(crypto, "replace_value", dies)
        with pytest.raises(OSError, match="killed"):
            await master_key.rewrap(actor)
    under = [Sealed(v).kid for (v,) in db.rows("SELECT value FROM credential_secret")]
    assert under.count(new) == 10, "a batch is whole or it is not"
    assert len(opened(db)) == 25

    rest = await master_key.rewrap(actor)

    assert (rest.rewrapped, rest.left) == (15, 0), "our own keys came first"
    assert len(opened(db)) == 25
    assert (await master_key.rewrap(actor)).rewrapped == 0
    assert actions(db).count("rewrap") == 1, "a run that changed nothing leaves no entry"


async def test_a_value_that_is_saved_meanwhile_stays_as_saved(db: Database, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    (_, place), (_, other) = await store(actor, 2)
    await master_key.add(actor)
    await keyring.follow()
    await master_key.activate(actor)
    read = crypto.under_other_keys
    saved = envelope.seal(ring.current(), Secret("sk-typed-now"), place)

    async def then_somebody_saves(*arguments: object, **options: object) -> list[crypto.SealedValue]:
        found = await read(*arguments, **options)  # type: ignore[arg-type]
        if any(value.row[0] == place.row_id for value in found):
            await arguments[0].exec(  # type: ignore[attr-defined]
                crypto.update(CredentialSecret).where(CredentialSecret.credential_id == place.row_id).values(value=saved)
            )
        return found

    monkeypatch.setattr(crypto, "under_other_keys", then_somebody_saves)
    done = await master_key.rewrap(actor)

    assert opened(db) == {place.row_id: "sk-typed-now", other.row_id: "sk-k1"}
    assert done.rewrapped == 1 + len(ring.SYSTEM_KEYS)


@pytest.mark.parametrize("damage", ["'X' || substr(value, 2)", "substr(value, 1, 20) || 'A' || substr(value, 22)", "'s1.'", "''"])
async def test_a_damaged_value_is_marked_counted_and_never_in_the_way(db: Database, actor: Actor, damage: str) -> None:
    (_, broken), (secret, sound) = await store(actor, 2)
    db.run(f"UPDATE credential_secret SET value = {damage} WHERE credential_id = '{broken.row_id}'")  # noqa: S608 - our own text
    await master_key.add(actor)
    await keyring.follow()
    await master_key.activate(actor)

    done = await master_key.rewrap(actor)
    await master_key.retire(actor)

    assert (done.broken, done.left, done.rewrapped) == (1, 0, 1 + len(ring.SYSTEM_KEYS))
    marked = db.rows("SELECT credential_id FROM credential_secret WHERE broken_at IS NOT NULL")
    assert marked == [(broken.row_id,)]
    texts = dict(db.rows("SELECT credential_id, value FROM credential_secret"))
    assert open_secret(Sealed(texts[sound.row_id]), sound).reveal() == secret
    ring.install(None)
    await keyring.open_ring()  # and it starts without the old key
    assert (await master_key.rewrap(actor)).broken == 0


@only_sqlite
async def test_a_key_that_is_not_loaded_stops_the_rewrapping_and_is_named(
    db: Database, actor: Actor, keys: Callable[..., None], file: Path
) -> None:
    stored = await store(actor, 1)
    old = ring.current().active
    added = await master_key.add(actor)
    await keyring.follow()
    await master_key.activate(actor)
    both = keyfile.find(settings.current())
    assert both is not None
    only = ring.Ring(ring.current().instance_id, {added.kid: both.keys[added.kid]}, active=added.kid)
    held = ring.current()
    async with engine.session() as session:
        held.unlock(await crypto.system_secrets(session))
    only._system = held._system  # what is unlocked stays unlocked; only the old master key is gone
    ring.install(only)

    with pytest.raises(KeyMissing, match=old):
        await master_key.rewrap(actor)

    assert db.rows("SELECT count(*) FROM credential_secret WHERE broken_at IS NOT NULL") == [(0,)], "a missing key is no broken value"
    assert db.rows("SELECT outcome FROM audit WHERE action = 'master_key:ring:rewrap'") == [("failed",)]
    with pytest.raises(SecretUnreadable):
        opened(db)
    ring.install(held)
    await master_key.rewrap(actor)
    assert opened(db) == {place.row_id: text for text, place in stored}


async def test_a_key_that_is_needed_is_not_retired(db: Database, actor: Actor, file: Path) -> None:
    await store(actor, 2)
    old = ring.current().active
    added = await master_key.add(actor)
    await keyring.follow()
    await master_key.activate(actor)
    before = file.read_text()

    with pytest.raises(Conflict, match=rf"{2 + len(ring.SYSTEM_KEYS)} saved secrets still need the master key {old}"):
        await master_key.retire(actor)
    with pytest.raises(Conflict, match="is active"):
        await master_key.retire(actor, added.kid)
    await master_key.rewrap(actor)
    await beat([old, added.kid])
    with pytest.raises(Conflict, match="still encrypts"):
        await master_key.retire(actor)

    assert file.read_text() == before
    assert states(db)[old] == MasterKeyState.DECRYPT_ONLY


@only_sqlite
async def test_retiring_that_was_killed_before_the_file_was_written_is_finished_by_asking_again(
    db: Database, actor: Actor, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ring.current().active
    await master_key.add(actor)
    await keyring.follow()
    await master_key.activate(actor)
    await master_key.rewrap(actor)

    def killed(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as cut:
        cut.setattr(keyfile, "remove", killed)
        with pytest.raises(OSError, match="killed"):
            await master_key.retire(actor)
    assert len(file.read_text().split()) == 2
    again = await master_key.retire(actor)

    assert len(file.read_text().split()) == 1
    assert again.kid == old
    assert "Keep a copy" in again.advice
    assert actions(db).count("retire") == 1


async def test_what_became_known_with_a_key_is_listed_without_a_secret(db: Database, actor: Actor) -> None:
    await store(actor, 2)
    listed = await master_key.exposed(actor)

    assert [(e.provider, e.credential, e.field, e.fingerprint) for e in listed] == [
        ("p", "k0", "api_key", "0" * 12), ("p", "k1", "api_key", "0" * 12),
    ]  # fmt: skip
    assert "sk-k" not in str(listed)


@only_sqlite
async def test_a_viewer_rotates_nothing(db: Database) -> None:
    viewer = Actor(ActorType.USER, "u", "Vi", Role.VIEWER)
    for step in (master_key.add, master_key.activate, master_key.rewrap, master_key.retire, master_key.exposed):
        with pytest.raises(Forbidden):
            await step(viewer)
    assert actions(db) == ["register"]
