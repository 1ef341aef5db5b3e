"""From a pasted text to saved providers."""

import pytest

from app.domain.actor import Actor, ActorType, Role
from app.domain.errors import Forbidden
from app.domain.pasting.pasted import Doubt
from app.domain.providers.provider import ProviderQuery
from app.domain.secret import Secret
from app.services import providers

VIEWER = Actor(ActorType.USER, "v", "Vera", Role.VIEWER)
OPENAI = "sk-proj-" + "a1B2" * 12
GROQ = "gsk_" + "c3D4" * 12
UNKNOWN = "Zm9vYmFy0123456789abcdef"


@pytest.mark.usefixtures("db")
async def test_what_is_found_is_shown_without_its_secret_and_nothing_is_saved(actor: Actor) -> None:
    found = await providers.look_into(actor, Secret(f"OPENAI_API_KEY={OPENAI}\nGROQ_API_KEY={GROQ}\n"))
    assert [(f.label, f.calls_to, f.hint, f.is_complete) for f in found] == [
        ("OpenAI", "https://api.openai.com/v1/chat/completions", OPENAI[-4:], True),
        ("Groq", "https://api.groq.com/openai/v1/chat/completions", GROQ[-4:], True),
    ]
    assert OPENAI not in repr(found)
    assert (await providers.list_(actor, ProviderQuery())).total == 0


@pytest.mark.usefixtures("db")
async def test_what_was_ticked_is_saved_each_by_itself(actor: Actor) -> None:
    text = Secret(f"OPENAI_API_KEY={OPENAI}\nGROQ_API_KEY={GROQ}\nAZURE_OPENAI_API_KEY={UNKNOWN}\nXAI_API_KEY=xai-{UNKNOWN}")
    added = await providers.add_pasted(actor, text, [0, 2, 3, 3, 99])
    assert [(one.index, one.provider and one.provider.name) for one in added] == [(0, "openai"), (2, None), (3, "xai")]
    assert added[1].problem
    assert added[1].problem.code == "invalid"
    again = await providers.look_into(actor, text)
    assert [(f.has, f.beside) for f in again] == [("OpenAI", ""), ("", ""), ("", ""), ("xAI", "")]
    other = await providers.look_into(actor, Secret(OPENAI + "9"))
    assert (other[0].has, other[0].beside) == ("", "OpenAI")
    twice = await providers.add_pasted(actor, Secret(OPENAI + "9"), [0])
    assert twice[0].provider
    assert twice[0].provider.name == "openai-2"


@pytest.mark.usefixtures("db")
async def test_a_person_says_whose_key_it_is(actor: Actor) -> None:
    text = Secret(UNKNOWN)
    before = await providers.look_into(actor, text)
    assert (before[0].doubts, before[0].is_complete) == ([Doubt.WHICH_VENDOR], False)
    after = await providers.look_into(actor, text, vendors={0: "mistral"})
    assert (after[0].label, after[0].doubts, after[0].is_complete) == ("Mistral", [], True)
    added = await providers.add_pasted(actor, text, [0], vendors={0: "mistral"})
    assert added[0].provider
    assert (added[0].provider.preset, added[0].provider.credentials[0].hint) == ("mistral", UNKNOWN[-4:])


@pytest.mark.usefixtures("db")
async def test_a_header_of_its_own_is_kept(actor: Actor) -> None:
    text = Secret(f"curl https://llm.example.com/v1/chat/completions -H 'X-Api-Key: {GROQ}' -d '{{\"model\": \"big\"}}'")
    added = await providers.add_pasted(actor, text, [0])
    saved = added[0].provider
    assert saved
    assert (saved.label, saved.auth_type, saved.auth, saved.default_model) == (
        "llm.example.com", "custom_header", {"header_name": "x-api-key"}, "big",
    )  # fmt: skip


@pytest.mark.usefixtures("db")
async def test_a_viewer_pastes_nothing() -> None:
    for attempt in (providers.look_into(VIEWER, Secret(OPENAI)), providers.add_pasted(VIEWER, Secret(OPENAI), [0])):
        with pytest.raises(Forbidden):
            await attempt
