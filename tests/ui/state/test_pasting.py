"""Paste anything, in the console: the text comes with each question and stays in none."""

from typing import Any

from reflex.utils.format import json_dumps

from app.domain.actor import Actor
from app.services import providers
from app.ui import i18n
from app.ui.pages.providers.paste import Pasting
from app.ui.provider_form.form import ADD, ProviderForm

GROQ = "gsk_" + "c3D4" * 12
TEXT = f"GROQ_API_KEY={GROQ}\nSOMETHING_API_KEY=Zm9vYmFy0123456789abcdef\nSOMETHING_URL=https://llm.example.com/v1\n"


async def test_what_is_shown_holds_no_secret_and_what_is_ticked_is_added(tab: Any, actor: Actor) -> None:
    await tab.fire(Pasting.open)
    await tab.fire(Pasting.submit, {"intent": "save", "secret.text": TEXT})
    state = await tab.state(Pasting)
    assert [(i.vendor, i.label, i.ticked) for i in state.items] == [("groq", "Groq", True), ("custom", "llm.example.com", True)]
    assert GROQ not in json_dumps(state.dict())
    await tab.fire(Pasting.tick, 1, False)
    await tab.fire(Pasting.submit, {"intent": "add", "secret.text": TEXT})
    assert await tab.opened() == ""
    assert [p.label for p in (await providers.changes(actor)).items] == ["Groq"]


async def test_one_that_cannot_be_added_says_why_and_stays(tab: Any, actor: Actor) -> None:
    await tab.fire(Pasting.open)
    text = "OPENAI_API_KEY=••••••••••••4f2a\nGROQ_API_KEY=" + GROQ
    await tab.fire(Pasting.submit, {"intent": "save", "secret.text": text})
    state = await tab.state(Pasting)
    assert [(i.label, i.can_add) for i in state.items] == [("OpenAI", False), ("Groq", True)]
    assert state.items[0].note == i18n.say("en", "paste.note.masked")
    await tab.fire(Pasting.tick, 0, True)
    assert state.ticked == 1
    await tab.fire(Pasting.submit, {"intent": "add", "secret.text": text})
    assert [p.label for p in (await providers.changes(actor)).items] == ["Groq"]


async def test_it_goes_on_in_the_form_with_everything_but_the_key(tab: Any) -> None:
    text = f"curl https://llm.example.com/v1/models -H 'X-Api-Key: {GROQ}'"
    await tab.fire(Pasting.open)
    await tab.fire(Pasting.submit, {"intent": "save", "secret.text": text})
    start = text.index(GROQ)
    assert (await tab.state(Pasting)).items[0].places == f"header_value:{start}:{start + len(GROQ)}"
    await tab.fire(Pasting.fill, 0)
    form = await tab.state(ProviderForm)
    assert (form.step, form.label, form.base_url, form.auth_type) == (
        "fields",
        "llm.example.com",
        "https://llm.example.com/v1",
        "custom_header",
    )
    assert {a.word: a.value for a in form.asks} == {"header_name": "x-api-key", "header_value": ""}
    assert await tab.opened() == ADD


async def test_a_press_with_nothing_pasted_is_answered(tab: Any) -> None:
    await tab.fire(Pasting.open)
    await tab.fire(Pasting.submit, {"intent": "save", "secret.text": ""})
    shown = await tab.state(Pasting)

    assert (shown.looked, shown.items) == (True, [])
