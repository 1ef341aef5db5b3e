"""Duplicating in the console."""

from typing import Any

from app.domain.actor import Actor
from app.domain.providers.provider import CredentialDraft, ProviderDraft
from app.domain.secret import Secret
from app.services import providers
from app.ui.provider.duplicate import Duplicating
from app.ui.session.notices import Notices


async def test_a_copy_is_named_by_the_form_and_takes_its_keys_along_when_that_is_ticked(tab: Any, actor: Actor) -> None:
    secret = {"api_key": Secret("sk-0123456789abcdefghijklmn")}
    draft = ProviderDraft(name="acme", label="Acme", base_url="https://api.acme.example/v1", credential=CredentialDraft(secret=secret))
    await providers.create(actor, draft)
    for ticked, label in ((False, "Second"), (True, "Third")):
        await tab.fire(Duplicating.ask, "acme")
        state = await tab.state(Duplicating)
        assert (state.name, state.title, state.label, state.keys, state.with_keys) == ("acme", "Acme", "Acme (2)", 1, False)
        await tab.fire(Duplicating.choose_keys, ticked)
        await tab.fire(Duplicating.submit, {"label": label})
        assert await tab.opened() == ""
        assert label in (await tab.state(Notices)).text
    made = {p.label: len(p.credentials) for p in (await providers.changes(actor)).items}
    assert made == {"Acme": 1, "Second": 0, "Third": 1}
    await tab.fire(Duplicating.submit, {"label": "Fourth"})  # the dialog is closed
    assert len((await providers.changes(actor)).items) == 3
