"""A copy of a provider: everything but its keys, and these only where a person says so."""

import pytest

from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.errors import InvalidDraft, NameTaken
from app.domain.providers.provider import CredentialDraft, ProviderDraft
from app.domain.secret import Binding, Sealed, Secret
from app.services import audit, providers
from app.vault.open import open_secret
from tests.fixtures.databases import Database

KEY = "sk-0123456789abcdefghijklmn"
DRAFT = ProviderDraft(
    name="acme", label="Acme", base_url="https://api.acme.example/v1", models=["small", "big"], default_model="small", tags=["eu"],
    description="Ours", credential=CredentialDraft(secret={"api_key": Secret(KEY)}),
)  # fmt: skip


async def test_a_copy_has_everything_but_the_keys_and_is_off(db: Database, actor: Actor) -> None:
    await providers.create(actor, DRAFT)
    copy = await providers.duplicate(actor, "acme")
    assert (copy.name, copy.label, copy.base_url, copy.default_model, copy.model_count, copy.tags, copy.description) == (
        "acme-2", "Acme (2)", "https://api.acme.example/v1", "small", 2, ["eu"], "Ours",
    )  # fmt: skip
    assert (copy.enabled, copy.is_default, copy.credentials, copy.last_test) == (False, False, [], None)
    assert (await providers.get(actor, "acme")).enabled


async def test_its_keys_come_along_when_that_is_wanted_and_open_in_their_new_place_only(db: Database, actor: Actor) -> None:
    original = (await providers.create(actor, DRAFT)).credentials[0]
    copy = await providers.duplicate(actor, "acme", new_name="second", label="Second", with_keys=True)
    (key,) = copy.credentials
    assert (copy.label, key.fingerprint, key.hint, key.id != original.id) == ("Second", original.fingerprint, KEY[-4:], True)
    stored = {row[0]: row[1] for row in db.rows("SELECT credential_id, value FROM credential_secret")}
    assert stored[key.id] != stored[original.id]
    opened = open_secret(Sealed(stored[key.id]), Binding("credential_secret", key.id, "api_key", key.origin))
    assert opened.reveal() == KEY
    entries = (await audit.page(actor, target_id=copy.id)).items
    assert [e.action for e in entries] == [Action.PROVIDER_DUPLICATE, Action.KEY_ADD, Action.PROVIDER_CREATE]
    assert KEY not in repr(entries)


@pytest.mark.usefixtures("db")
async def test_a_taken_or_impossible_name_is_refused_and_nothing_is_left_behind(actor: Actor) -> None:
    await providers.create(actor, DRAFT)
    with pytest.raises(NameTaken):
        await providers.duplicate(actor, "acme", new_name="acme")
    with pytest.raises(InvalidDraft):
        await providers.duplicate(actor, "acme", new_name="Not a name")
    assert len((await providers.changes(actor)).items) == 1
