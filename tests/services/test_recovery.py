"""Who gets a recovery kit, what is in it, and who is reminded until it is kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import settings
from app.domain.actor import ActorType, Role
from app.domain.errors import ConfirmationNeeded, Forbidden, InvalidDraft, TooManyAttempts
from app.domain.people.people import Session, acting
from app.domain.people.throttle import ACCOUNT
from app.domain.secret import Secret
from app.services import keyring, master_key, people, recovery, sessions
from app.storage.database.columns import MacRow
from app.storage.tables import SessionRow, UserRow
from app.ui import i18n
from app.vault import passwords, ring
from tests.fixtures.databases import Database, only_sqlite
from tests.fixtures.rows import rewrite

PASSWORD = Secret("seven green bicycles sing")
EMAIL = "grace@example.com"
ADDRESS = "https://llm.example.com"


@pytest.fixture(autouse=True)
async def _booted(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(stored: str | None, password: Secret) -> passwords.Answer:
        """A hash that costs nothing."""
        return passwords.Answer(fits=stored is not None and password.same_as(PASSWORD))

    monkeypatch.setattr(passwords, "check", check)
    ring.install(None)
    await keyring.open_ring()


@pytest.fixture
async def grace(_booted: None) -> Session:
    """An admin who is signed in."""
    from app.domain.actor import SYSTEM

    await people.create(SYSTEM, EMAIL, "Grace", Role.ADMIN, PASSWORD)
    return (await sessions.sign_in(EMAIL, PASSWORD, ip="192.0.2.7", agent="Browser/1")).session


async def kit_of(session: Session, language: str = "en") -> str:
    await sessions.confirm(acting(session.user), session, PASSWORD)
    kit = await recovery.issue(acting(session.user), session, language=language, address=ADDRESS)
    return kit.text.reveal()


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
@only_sqlite
async def test_a_kit_holds_what_is_needed_in_the_readers_language(grace: Session, data_dir: Path, language: str) -> None:
    text = await kit_of(grace, language)

    key = (data_dir / "keys" / "master.key").read_text().strip()
    held = ring.current()
    for part in (key, held.active, held.instance_id, ADDRESS, "Grace", "patchbay master-key list", "chmod 700", " UTC"):
        assert part in text
    assert {"en": "safe", "vi": "két", "zh": "保险柜"}[language] in text


def test_a_kit_is_written_in_every_language_of_the_console() -> None:
    kits = {str(texts["recovery_kit.text"]) for texts in i18n.catalogues().values()}

    assert all(text.count("{keys}") == text.count("{write}") == 1 for text in kits)


async def test_a_kit_needs_the_password_again_and_counts_once(db: Database, grace: Session) -> None:
    who = acting(grace.user)
    with pytest.raises(ConfirmationNeeded):
        await recovery.issue(who, grace, language="en", address=ADDRESS)
    await sessions.confirm(who, grace, PASSWORD)
    await recovery.issue(who, grace, language="en", address=ADDRESS)
    with pytest.raises(ConfirmationNeeded):
        await recovery.issue(who, grace, language="en", address=ADDRESS)
    await sessions.confirm(who, grace, PASSWORD)
    await rewrite(SessionRow, confirmed_at=datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(ConfirmationNeeded):
        await recovery.issue(who, grace, language="en", address=ADDRESS)

    found = [
        (a, o)
        for a, o in db.rows("SELECT action, outcome FROM audit ORDER BY seq")
        if a.startswith(("user:session:conf", "master_key:kit"))
    ]
    assert found == [("user:session:confirm", "ok"), ("master_key:kit:issue", "ok"), ("user:session:confirm", "ok")]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        pytest.param(UserRow, {"is_active": False}, id="switched off"),
        pytest.param(UserRow, {"role": "viewer"}, id="an admin no more"),
        pytest.param(SessionRow, {"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)}, id="signed out"),
    ],
)
async def test_who_was_shut_out_a_moment_ago_gets_no_kit(db: Database, grace: Session, kind: type[MacRow], change: dict[str, Any]) -> None:
    who = acting(grace.user)
    await sessions.confirm(who, grace, PASSWORD)
    await rewrite(kind, **change)  # by another process: this one remembers an admin who is signed in

    with pytest.raises(ConfirmationNeeded):
        await recovery.issue(who, grace, language="en", address=ADDRESS)


async def test_a_wrong_password_is_throttled_and_audited_like_a_sign_in(db: Database, grace: Session) -> None:
    who = acting(grace.user, ip="192.0.2.7")
    for _ in range(ACCOUNT.free):
        with pytest.raises(InvalidDraft, match="not your account password"):
            await sessions.confirm(who, grace, Secret("seven blue bicycles sing"))
    with pytest.raises(TooManyAttempts):
        await sessions.confirm(who, grace, PASSWORD)

    denied = db.rows("SELECT action, actor_name FROM audit WHERE outcome = 'denied' ORDER BY seq")
    assert denied == [("user:session:confirm", "Grace")] * ACCOUNT.free + [("user:session:lock", "Grace")]


@only_sqlite
async def test_a_kit_is_for_an_admin_in_a_browser(db: Database, grace: Session) -> None:
    from dataclasses import replace

    key = replace(acting(grace.user), type=ActorType.CLIENT_KEY)
    with pytest.raises(Forbidden):
        await recovery.issue(key, None, language="en", address=ADDRESS)
    with pytest.raises(Forbidden):
        await sessions.confirm(key, None, PASSWORD)
    viewer = replace(acting(grace.user), role=Role.VIEWER)
    for call in (recovery.issue(viewer, grace, language="en", address=ADDRESS), recovery.acknowledge(viewer)):
        with pytest.raises(Forbidden):
            await call


async def test_admins_are_reminded_until_the_key_in_use_is_kept(db: Database, grace: Session) -> None:
    who = acting(grace.user)
    assert await recovery.is_due(who)
    await kit_of(grace)
    assert await recovery.is_due(who), "saved is not kept"

    await recovery.acknowledge(who)
    await recovery.acknowledge(who)

    assert not await recovery.is_due(who)
    (key,) = (await keyring.status(who)).keys
    assert key.kit_issued_at is not None
    assert key.kit_acknowledged_at is not None
    assert db.rows("SELECT count(*) FROM audit WHERE action = 'master_key:kit:acknowledge'") == [(1,)]
    await master_key.add(who)
    await keyring.follow()
    await master_key.activate(who)
    assert await recovery.is_due(who), "a new key wants a new kit"


@only_sqlite
async def test_keys_that_only_open_are_in_the_kit_and_retired_ones_are_not(grace: Session) -> None:
    who, old = acting(grace.user), ring.current().active
    new = (await master_key.add(who)).kid
    await keyring.follow()
    await master_key.activate(who)

    during = await kit_of(grace)
    await master_key.rewrap(who)
    await master_key.retire(who)
    after = await kit_of(grace)

    assert f"{new}, {old}" in during
    assert old not in after
    assert len(list((settings.current().data_dir / "keys").iterdir())) == 1


@only_sqlite
async def test_the_form_of_one_session_is_no_use_to_another(grace: Session) -> None:
    other = grace.model_copy(update={"token_hash": "f" * 16})

    assert recovery.is_proof(grace, recovery.proof(grace))
    assert not recovery.is_proof(grace, recovery.proof(other))
    assert not recovery.is_proof(grace, "")
