"""The first answer takes the way that traffic takes, and says in words of a test why there is none."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app import registry
from app.domain.actor import Actor, ActorType, Role
from app.domain.errors import Forbidden, InvalidDraft, TooManyAttempts, UnknownModel
from app.domain.providers.provider import ProviderDraft
from app.relay import rate_limit
from app.services import first_answer, providers
from app.services.first_answer import Ended
from tests.fixtures import make
from tests.fixtures.upstream import DONE, Heard, Line, Upstream, answer, completion, delta, events


@pytest.fixture
async def acme(db: Any, outgoing: None, upstream: Upstream, actor: Actor) -> Any:
    """A saved provider with a key."""
    rate_limit._recent.clear()
    await registry.shared.start(watch=False)
    fields: dict[str, Any] = {"base_url": upstream.base_url, "credential": {"secret": {"api_key": make.SECRET}}}
    await providers.create(actor, ProviderDraft.model_validate({"name": "acme", **fields}))
    yield upstream
    await registry.shared.stop()


Ask = Callable[..., Awaitable[tuple[list[str], Ended]]]


@pytest.fixture
def ask(actor: Actor) -> Ask:
    """All pieces, and how it ended."""

    async def asking(question: str = "Hello?", model: str = "alpha") -> tuple[list[str], Ended]:
        *pieces, ended = [piece async for piece in first_answer.ask(actor, "acme", model, question)]
        assert isinstance(ended, Ended)
        return [str(piece) for piece in pieces], ended

    return asking


async def test_pieces_come_as_the_provider_sends_them(acme: Upstream, ask: Ask) -> None:
    pieces, ended = await ask()

    assert pieces == ["Hel", "lo"]
    assert (ended.model, ended.error) == ("alpha", None)
    assert 0 <= ended.first_ms <= ended.total_ms
    assert acme.heard[-1].headers["authorization"] == f"Bearer {make.SECRET}"
    assert acme.heard[-1].json == {"model": "alpha", "messages": [{"role": "user", "content": "Hello?"}], "stream": True}


async def test_an_answer_in_one_piece_counts_too(acme: Upstream, ask: Ask) -> None:
    acme.on("/chat/completions", answer(body=completion("alpha", "Good day.")))

    assert (await ask())[0] == ["Good day."]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param(answer(401, {"error": {"message": "no"}}), "key_refused", id="the key"),
        pytest.param(answer(404, {"error": {"message": "no model alpha", "code": "model_not_found"}}), "model_not_found", id="the model"),
        pytest.param(answer(400, {"error": {"message": "bad"}}), "chat_rejected", id="the request"),
        pytest.param(answer(500, {"error": {"message": "oops"}}), "provider_error", id="a fault of its own"),
        pytest.param(answer(429, {"error": {"message": "slow down"}}), "rate_limited", id="too often"),
        pytest.param(answer(200, {"hello": "world"}), "not_chat", id="no chat"),
        pytest.param(events(delta("He"), b'data: {"error": {"message": "overloaded"}}\n\n', DONE), "provider_error", id="in the middle"),
    ],
)
async def test_a_failure_is_named_and_ends_it(acme: Upstream, ask: Ask, script: Any, code: str) -> None:
    acme.on("/chat/completions", script)

    _, ended = await ask()

    assert ended.error is not None
    assert ended.error.code == code
    assert make.SECRET not in ended.error.model_dump_json()


async def test_whoever_stops_reading_hangs_up(acme: Upstream, actor: Actor) -> None:
    async def endless(line: Line, _: Heard) -> None:
        await line.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        await line.chunk(delta("Hel"))
        await line.gone.wait()

    acme.on("/chat/completions", endless)
    pieces = first_answer.ask(actor, "acme", "alpha", "Hello?")
    assert await anext(pieces) == "Hel"

    await pieces.aclose()

    assert await acme.all_gone(within=2)


async def test_an_endless_answer_is_cut(acme: Upstream, ask: Ask) -> None:
    acme.on("/chat/completions", events(*[delta("x" * 5_000)] * 10, DONE))

    pieces, ended = await ask()

    assert (len("".join(pieces)), ended.error) == (first_answer.LONGEST_ANSWER, None)


async def test_an_empty_or_endless_question_is_not_sent(acme: Upstream, ask: Ask) -> None:
    for question in (" \n", "x" * 4_001):
        with pytest.raises(InvalidDraft):
            await ask(question)
    with pytest.raises(UnknownModel):
        await ask(model="")

    assert acme.heard == []


async def test_only_an_admin_may_ask_and_not_for_ever(acme: Upstream, ask: Ask) -> None:
    viewer = Actor(ActorType.USER, "v", "Vera", Role.VIEWER)
    with pytest.raises(Forbidden):
        await anext(first_answer.ask(viewer, "acme", "alpha", "Hello?"))

    for _ in range(rate_limit.PER_MINUTE):
        await ask()
    with pytest.raises(TooManyAttempts):
        await ask()
