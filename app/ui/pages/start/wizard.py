"""The way from nothing to a working provider, step by step. Where somebody is stands in the address: `?provider=x&step=test`.

The provider is saved as soon as its key is typed, and the saved one is tested: no secret lives from one step to the next.
"""

from contextlib import suppress
from urllib.parse import urlencode

import reflex as rx

from app.domain.actor import Actor, Role
from app.domain.errors import PatchbayError, Stale, UnknownProvider
from app.domain.probes.probe import FixAction
from app.domain.providers.provider import Provider, ProviderQuery
from app.services import models, providers
from app.ui.pages.start import model_test
from app.ui.pages.start.model_test import GuidedTest
from app.ui.permission import requires
from app.ui.presets import gallery
from app.ui.presets.face import face
from app.ui.presets.gallery import Gallery, preset_of
from app.ui.presets.local_servers_state import LocalServers
from app.ui.presses import busy
from app.ui.provider_form import form_draft
from app.ui.provider_form.form import CUSTOM, GUIDED, ProviderForm
from app.ui.provider_form.probe_fixes import ask_for_key
from app.ui.provider_form.submission import Submission, create, mark
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, language, tell

STEPS = ("choose", "connect", "test", "answer", "app")
_WITH_PROVIDER = STEPS[1:]


class Wizard(rx.State):
    """`provider` is the name of the saved one, "" before that; `preset` what was chosen. `model` is the one that answers first.
    `no_default`: no provider is the default yet. `key_id` names the key for the first application."""

    step: str = ""
    preset: str = ""
    provider: str = ""
    label: str = ""
    logo: str = ""
    initials: str = ""
    tint: str = "gray"
    model: str = ""
    saving: bool = False
    no_default: bool = False
    make_default: bool = True
    key_id: str = ""

    @rx.var
    def query(self) -> str:
        """Where somebody is, for the address."""
        if self.provider:
            key = {"key": self.key_id} if self.key_id and self.step == "app" else {}
            return urlencode({"provider": self.provider, "step": self.step, **key})
        return urlencode({"preset": self.preset, "step": "connect"}) if self.step == "connect" else ""

    @rx.var
    def selector(self) -> str:
        """What an application would name."""
        return f"{self.provider}/{self.model}"

    @rx.var
    def number(self) -> int:
        """Which step it is, from 1."""
        return STEPS.index(self.step) + 1 if self.step in STEPS else 1

    @rx.event
    @answered
    async def load(self) -> None:
        """Take up where the address says: after a reload, by a link, by the browser's own way back."""
        asked = self.router.url.query_parameters
        name, step, preset = asked.get("provider", ""), asked.get("step", ""), asked.get("preset", "")
        await gallery.open_(await self.get_state(Gallery))
        if name == self.provider and step == "test" and (await self.get_state(GuidedTest)).testing:
            self.step = "test"  # it is still climbed
            return
        await self._clear()
        with suppress(UnknownProvider):
            if name and step in _WITH_PROVIDER:
                self.key_id = asked.get("key", "")[:36]
                await self._resume(await providers.get(await actor(self), name), step)
                return
        if step == "connect" and (preset == CUSTOM or preset_of(preset)):
            await self._take(preset)
        else:
            self.step = STEPS[0]

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def choose(self, preset: str) -> None:
        """Take a known provider, or Custom Provider."""
        await self._take(preset)

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def take_found(self, base_url: str) -> None:
        """Take a server that was found nearby. One that showed its models to somebody without a key needs none."""
        async with self:
            near = (await self.get_state(LocalServers))._at(base_url)
            if near is None:
                return
            who, locale = await actor(self), await language(self)
            known = preset_of(near.preset)
            is_open = near.models > 0 or (known is not None and known.auth_type == "none")
            if not near.provider and not is_open:
                await self._take(near.preset or CUSTOM, base_url=base_url)
                return
        async with busy(self, Wizard, "saving") as is_free:
            if not is_free:
                return
            called = {"label": near.label} if near.label else form_draft.after_host(base_url, locale)
            draft = {**called, "base_url": base_url, "auth_type": "none"}
            if near.provider:
                provider = await providers.get(who, near.provider)
            else:
                provider = await create(who, draft, form_draft.new(draft, {}, preset=known))
        await self._climb(who, locale, provider)

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def connect(self, form: dict[str, str]) -> None:
        """Save what was typed, then test what was saved."""
        secrets = form_draft.take_secrets(form)
        async with busy(self, Wizard, "saving") as is_free:
            async with self:
                dialog = await self.get_state(ProviderForm)
                if not is_free or dialog.step != GUIDED:
                    return
                who, locale = await actor(self), await language(self)
                dialog.errors, dialog.stale = {}, ""
                old, version, preset = dialog._provider, dialog.version, preset_of(dialog.preset)
            try:
                if old:
                    provider = await providers.update(who, old.name, form_draft.connection(form, secrets, of=old, version=version))
                else:
                    form = form_draft.named(form, locale)
                    provider = await create(who, form, form_draft.new(form, secrets, preset=preset))
            except PatchbayError as error:
                async with self:
                    await mark(self, await self.get_state(ProviderForm), error, locale)
                    if isinstance(error, Stale):
                        await tell(self, "error", answer(locale, error))
                return
        await self._climb(who, locale, provider)

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def test(self, form: dict[str, str]) -> None:
        """Test the saved provider again; with `model`, by asking that one."""
        async with self:
            if (await self.get_state(GuidedTest)).testing or not self.provider:
                return
            who, locale, name = await actor(self), await language(self), self.provider
        provider = await providers.get(who, name)
        await self._climb(who, locale, provider, model=form.get("model", "").strip())

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def edit(self) -> None:
        """Back to key and address of the provider that was saved."""
        await self._edit()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def repair(self) -> None:
        """Put the address in that the test proposes; it is saved with the next press."""
        run = (await self.get_state(GuidedTest)).run
        await self._edit()
        if run.fix_value:
            await (await self.get_state(ProviderForm))._put_address(run.fix_value, run.fix)

    @rx.event
    @answered
    async def start_over(self) -> None:
        """Choose another one. What was saved stays saved."""
        await self._clear()
        self.step = STEPS[0]

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def back_to_test(self) -> None:
        """One step back from the first answer."""
        await self._show_last(await providers.get(await actor(self), self.provider))
        self.step = "test"

    @rx.event
    @answered
    async def go_on(self) -> None:
        """Past what did not work, to the application's key."""
        (await self.get_state(GuidedTest))._leave()
        self.step = "app"

    @rx.event
    @answered
    async def choose_make_default(self, on: bool) -> None:
        """Whether requests that name no provider go to this one."""
        self.make_default = on

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def use_model(self) -> None:
        """List the models that were found, make the chosen one the default, go on."""
        found = await self.get_state(Submission)
        who, chosen = await actor(self), found.chosen or (await self.get_state(GuidedTest)).run.model
        if not chosen:
            return
        add = found._all if found.take_all and found._all else [chosen]
        await models.sync(who, self.provider, add=add, default=chosen)
        if self.no_default and self.make_default:
            await providers.set_default(who, self.provider)
            self.no_default = False
        self.model, self.step = chosen, "answer"

    async def _take(self, preset: str, *, base_url: str = "") -> None:
        await self._clear()
        form = await self.get_state(ProviderForm)
        await form._take(preset)
        if base_url:
            await form._put_address(base_url)
        form.step = GUIDED
        self.preset = form.preset
        self.label, self.logo, self.initials, self.tint = form.title, form.logo, form.initials, form.tint
        self.step = "connect"

    async def _edit(self) -> None:
        provider = await providers.get(await actor(self), self.provider)
        test, form = await self.get_state(GuidedTest), await self.get_state(ProviderForm)
        form._clear()
        await form._fill(provider)
        form.step, form.replacing = GUIDED, test.refused
        if test.run.fix == FixAction.ADD_KEY:
            ask_for_key(form)
        test._leave()
        self._face(provider)
        self.step = "connect"

    async def _resume(self, provider: Provider, step: str) -> None:
        self._face(provider)
        await self._show_last(provider)
        match step:
            case "connect":
                await self._edit()
            case "answer" if not self.model:
                self.step = "test"
            case _:
                self.step = step

    async def _show_last(self, provider: Provider) -> None:
        """What the last test of this provider found."""
        found, test = await self.get_state(Submission), await self.get_state(GuidedTest)
        result = provider.last_test.result if provider.last_test else None
        test._leave()
        test._show(result, provider, await language(self))
        found._offer(result)
        if self.model in found._all:
            found.chosen = self.model
        await self._look_for_default()

    async def _look_for_default(self) -> None:
        page = await providers.list_(await actor(self), ProviderQuery(limit=100))
        self.no_default = not any(p.is_default for p in page.items)

    async def _climb(self, who: Actor, locale: str, provider: Provider, *, model: str = "") -> None:
        """Go to the test and draw the ladder while it is climbed."""
        async with self:
            self._face(provider)
            (await self.get_state(ProviderForm))._clear()
            test = await self.get_state(GuidedTest)
            test._leave()
            test.testing, self.step = True, "test"
            (await self.get_state(Submission))._offer(None)
            await self._look_for_default()
        await model_test.run(self, who, locale, provider, model=model)

    def _face(self, provider: Provider) -> None:
        look = face(provider.label, preset_of(provider.preset))
        self.provider, self.preset, self.label = provider.name, provider.preset or CUSTOM, provider.label
        self.logo, self.initials, self.tint = look.logo, look.initials, look.tint
        self.model = provider.default_model or ""

    async def _clear(self) -> None:
        self.reset()
        (await self.get_state(GuidedTest))._leave()
        (await self.get_state(ProviderForm))._clear()
