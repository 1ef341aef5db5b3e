"""The Fix buttons: break it against a real server, press the button, see it green."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.domain.actor import Actor
from app.domain.probes.probe import FixAction
from app.domain.providers.provider import ProviderDraft
from app.services import probes, providers
from app.services.probes import single
from app.ui.provider_form.form import CUSTOM, ProviderForm
from app.ui.provider_form.probe_fixes import Repairing
from app.ui.provider_form.submission import Submission
from app.upstream import egress
from tests.fixtures.upstream import MODELS, REFUSE, Heard, Line, Script, Upstream, answer, by_key, usual
from tests.ui.state.test_submission import form

KEY = "sk-planted-5d0a93be71f2-Qc08"
Break = Callable[[Upstream, pytest.MonkeyPatch], Awaitable[dict[str, str]]]


def filled(dialog: Any, typed: dict[str, str]) -> dict[str, str]:
    """The form as the browser sends it after a repair: what was typed, over what the repair put in."""
    kept = {name: value for name, value in typed.items() if not name.startswith(("secret.", "auth."))}
    asked = {ask.name: (KEY if ask.secret else ask.value) for ask in dialog.asks}
    return {
        **kept,
        "intent": "test",
        "auth_type": dialog.auth_type,
        "base_url": dialog.base_url,
        "at_root": "on" if dialog.at_root else "",
        "test_model": dialog.asked_model,
        "default_model": dialog.default_model or typed.get("default_model", ""),
        **dialog.limits,
        **asked,
    }


def only_below(path: str) -> Script:
    async def script(line: Line, heard: Heard) -> None:
        is_there = heard.path.startswith(path) and heard.path.count("/v1") == path.count("/v1")
        await (usual if is_there else answer(404, {"detail": "Not Found"}))(line, heard)

    return script


async def doubled(up: Upstream, _: pytest.MonkeyPatch) -> dict[str, str]:
    up.on("", only_below("/v1/openai/"))
    return {"base_url": f"{up.origin}/v1/openai/v1", "default_model": "m"}


async def missing(up: Upstream, _: pytest.MonkeyPatch) -> dict[str, str]:
    up.on("", only_below("/api/v1/"))
    return {"base_url": f"{up.origin}/api"}


async def page(up: Upstream, _: pytest.MonkeyPatch) -> dict[str, str]:
    async def web(line: Line, heard: Heard) -> None:
        is_api = heard.path.startswith("/api/v1/")
        await (usual if is_api else answer(200, b"<html>hi", {"content-type": "text/html"}))(line, heard)

    up.on("", web)
    return {"base_url": f"{up.origin}/api"}


async def rooted(up: Upstream, _: pytest.MonkeyPatch) -> dict[str, str]:
    async def at_root(line: Line, heard: Heard) -> None:
        await (answer(404, {}) if heard.path.startswith("/v1") else usual)(line, heard)

    up.on("", at_root)
    return {"base_url": up.origin, "default_model": "m"}


async def plain(up: Upstream, _: pytest.MonkeyPatch) -> dict[str, str]:
    return {"base_url": up.base_url.replace("http://", "https://")}


async def other_header(up: Upstream, _: pytest.MonkeyPatch) -> dict[str, str]:
    async def picky(line: Line, heard: Heard) -> None:
        await (usual if heard.headers.get("x-api-key") == KEY else answer(401, {"error": {"message": "no"}}))(line, heard)

    up.on("", picky)
    return {}


async def other_model(up: Upstream, _: pytest.MonkeyPatch) -> dict[str, str]:
    async def picky(line: Line, heard: Heard) -> None:
        unknown = {"error": {"message": "no", "code": "model_not_found"}}
        await (answer(404, unknown) if heard.json["model"] == "ghost" else usual)(line, heard)

    up.on("/chat/completions", picky)
    return {"default_model": "ghost"}


async def slow(up: Upstream, _: pytest.MonkeyPatch) -> dict[str, str]:
    async def late(line: Line, heard: Heard) -> None:
        await asyncio.sleep(1.2)
        await usual(line, heard)

    up.on("/models", late)
    return {"first_byte_seconds": "1"}


FIXES: list[Any] = [
    pytest.param(doubled, "version_doubled", FixAction.DROP_VERSION, id="doubled version"),
    pytest.param(missing, "version_missing", FixAction.ADD_VERSION, id="missing version"),
    pytest.param(page, "html", FixAction.ADD_VERSION, id="a web page"),
    pytest.param(rooted, "not_found", FixAction.AT_ROOT, id="at the root"),
    pytest.param(plain, "tls_not_spoken", FixAction.USE_HTTP, id="http"),
    pytest.param(other_header, "key_refused", FixAction.SEND_IN_HEADER, id="another header"),
    pytest.param(slow, "first_byte_timeout", FixAction.RAISE_LIMIT, id="a longer limit"),
]


@pytest.fixture
async def dialog(tab: Any) -> Any:
    await tab.fire(ProviderForm.add, CUSTOM)
    return await tab.state(ProviderForm)


async def run_test(tab: Any, dialog: Any, typed: dict[str, str]) -> None:
    await tab.fire(ProviderForm.type_address, dialog.seed, typed["base_url"])
    await tab.fire(Submission.submit, {**typed, "intent": "test"})


@pytest.mark.parametrize(("broken", "code", "action"), FIXES)
async def test_a_pressed_repair_turns_the_test_green(
    tab: Any, dialog: Any, house: Upstream, monkeypatch: pytest.MonkeyPatch, broken: Break, code: str, action: FixAction
) -> None:
    changed = await broken(house, monkeypatch)
    typed = form(house, default_model="", secret__api_key=KEY) | changed
    await run_test(tab, dialog, typed)
    assert (dialog.run.code, dialog.run.fix, dialog.run.outcome) == (code, action, "failed")

    await tab.fire(Repairing.repair)
    assert dialog.again
    await tab.fire(Submission.submit, filled(dialog, typed))

    assert (dialog.run.outcome, dialog.again) == ("ok", False), dialog.run
    assert KEY not in tab.everything()


async def test_another_model_is_asked_for_at_once(tab: Any, dialog: Any, house: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = form(house, default_model="") | await other_model(house, monkeypatch)
    await run_test(tab, dialog, typed)
    assert (dialog.run.fix, [one.model for one in dialog.models]) == (FixAction.CHOOSE_MODEL, MODELS)

    await tab.fire(Repairing.ask_model, MODELS[0])
    await tab.fire(Submission.submit, filled(dialog, typed))

    assert (dialog.run.outcome, dialog.run.model) == ("ok", MODELS[0])


async def test_a_refused_key_opens_its_field_and_the_next_one_is_green(tab: Any, house: Upstream, actor: Actor) -> None:
    async def picky(line: Line, heard: Heard) -> None:
        good = heard.headers.get("authorization") == f"Bearer {KEY}"
        await (usual if good else answer(401, {"error": {"message": "no"}}))(line, heard)

    house.on("", picky)
    await providers.create(actor, ProviderDraft.model_validate(saved(house) | {"credential": {"secret": {"api_key": "sk-old-0000000000"}}}))
    async for _ in probes.run_saved(actor, "mine"):
        pass

    await tab.fire(Repairing.fix, "mine")
    dialog = await tab.state(ProviderForm)
    assert (dialog.editing, dialog.replacing, dialog.again, dialog.run.outcome) == ("mine", True, False, "failed")
    await tab.fire(Submission.submit, filled(dialog, form(house)))

    assert dialog.run.outcome == "ok"


async def test_a_server_that_asks_for_a_key_gets_a_field_for_one(tab: Any, dialog: Any, house: Upstream) -> None:
    house.on("", by_key({KEY: usual}))
    typed = form(house, auth_type="none", default_model="")
    await tab.fire(ProviderForm.choose_auth, "none")
    await run_test(tab, dialog, {name: value for name, value in typed.items() if not name.startswith("secret.")})
    assert (dialog.run.code, dialog.run.fix) == ("key_required", FixAction.ADD_KEY)

    await tab.fire(Repairing.repair)
    assert (dialog.auth_type, [ask.secret for ask in dialog.asks], dialog.again) == ("api_key", [True], False)
    await tab.fire(Submission.submit, filled(dialog, typed))

    assert dialog.run.outcome == "ok"


async def test_what_a_public_list_leaves_open_a_chat_tells(tab: Any, dialog: Any, house: Upstream) -> None:
    house.is_public = True
    house.on("/chat/completions", REFUSE)
    typed = form(house, default_model="", secret__api_key=KEY) | {"depth": "auth"}
    await run_test(tab, dialog, typed)
    assert (dialog.run.code, dialog.run.fix, dialog.run.outcome) == ("list_is_public", FixAction.TEST_CHAT, "partly")

    await tab.fire(Repairing.repair)
    assert dialog.again
    await tab.fire(Submission.submit, filled(dialog, typed))
    assert (dialog.run.code, dialog.run.outcome, dialog.deeper) == ("key_refused", "failed", False)
    assert [line.rung for line in dialog.run.lines if line.state == "failed"] == ["credential"]


async def test_the_chat_that_a_saved_provider_lacks_is_tested_where_it_stands(tab: Any, house: Upstream, actor: Actor) -> None:
    house.is_public = True
    await providers.create(actor, ProviderDraft.model_validate(saved(house)))
    async for _ in probes.run_saved(actor, "mine", depth="models"):
        pass

    await tab.fire(Repairing.fix, "mine")

    assert "test" in str(tab.sent[-1].handler.fn.__qualname__)
    assert await tab.opened() == ""


async def test_a_saved_provider_is_repaired_from_its_card(tab: Any, house: Upstream, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = await missing(house, monkeypatch)
    await providers.create(actor, ProviderDraft.model_validate(saved(house) | {"base_url": changed["base_url"]}))
    async for _ in probes.run_saved(actor, "mine"):
        pass

    await tab.fire(Repairing.fix, "mine")
    dialog = await tab.state(ProviderForm)
    assert (dialog.editing, dialog.base_url, dialog.again) == ("mine", f"{house.origin}/api/v1", True)
    await tab.fire(Submission.submit, filled(dialog, form(house)) | {"secret.api_key": ""})
    assert dialog.run.outcome == "ok"
    await tab.fire(Submission.submit, filled(dialog, form(house)) | {"secret.api_key": "", "intent": "save"})

    assert (await providers.get(actor, "mine")).base_url == f"{house.origin}/api/v1"


async def test_an_address_on_the_own_network_is_allowed_by_the_test_that_its_button_starts(
    tab: Any, house: Upstream, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await providers.create(actor, ProviderDraft.model_validate(saved(house)))

    async def nobody_approves(*_: object) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(single, "_approve", nobody_approves)
        patch.setattr(egress, "is_approved", lambda _: False)
        async for _ in probes.run_saved(actor, "mine"):
            pass

    await tab.fire(Repairing.fix, "mine")
    dialog = await tab.state(ProviderForm)
    assert (dialog.run.fix, dialog.again) == (FixAction.APPROVE_LOCAL, True)
    await tab.fire(Submission.submit, filled(dialog, form(house)) | {"secret.api_key": ""})

    assert dialog.run.outcome == "ok"


def saved(house: Upstream) -> dict[str, Any]:
    return {"name": "mine", "base_url": house.base_url, "credential": {"secret": {"api_key": KEY}}}


def test_every_repair_is_pressed_here_or_named() -> None:
    pressed = {param.values[2] for param in FIXES}
    pressed |= {FixAction.CHOOSE_MODEL, FixAction.REPLACE_KEY, FixAction.APPROVE_LOCAL, FixAction.ADD_KEY, FixAction.TEST_CHAT}

    assert set(FixAction) - pressed == {FixAction.USE_HTTPS, FixAction.USE_DOCKER_HOST, FixAction.CHANGE_ADDRESS}  # tests/probe
