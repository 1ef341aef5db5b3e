"""What the provider form's two buttons do: test what is typed, save it. Then: models found, the default chosen, done."""

from contextlib import aclosing

import reflex as rx

from app.domain.actor import Actor, Role
from app.domain.errors import InvalidDraft, NameTaken, PatchbayError, ReentryRequired, Stale, Taken
from app.domain.probes.probe import ProbeResult
from app.domain.providers.provider import Provider, ProviderDraft
from app.domain.secret import Secret
from app.services import models, probes, providers
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presets.gallery import preset_of
from app.ui.presses import busy, quiet
from app.ui.probe.probe_options import chosen, of_draft
from app.ui.probe.run import Run, Steps, climb, steps_of
from app.ui.provider_form import form_draft
from app.ui.provider_form.form import ADD, EDIT, ProviderForm
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, explain, language, reasons, tell

SHOWN = 60


class Submission(rx.State):
    """`found` are the models to choose the default from, as far as they match the search."""

    found: list[str] = []
    total: int = 0
    search: str = ""
    chosen: str = ""
    take_all: bool = True
    _all: list[str] = []

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(ADD, EDIT)
    async def submit(self, form: dict[str, str]) -> None:
        """Test or Save, by the hidden field `intent`."""
        secrets = form_draft.take_secrets(form)
        if form.get("intent") == "test":
            await self._test(form, secrets)
        else:
            await self._save(form, secrets)

    @rx.event
    @answered
    @quiet
    async def find(self, text: str) -> None:
        """Show the found models that match."""
        self.search = text[:100]
        self._show()

    @rx.event
    @answered
    async def pick(self, model: str) -> None:
        """Mark a model as the one to be default."""
        self.chosen = model

    @rx.event
    @answered
    async def choose_all(self, on: bool) -> None:
        """Whether every found model goes into the list."""
        self.take_all = on

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(ADD)
    async def finish(self, dialog: str) -> None:
        """List the models, set the default, close."""
        form = await self.get_state(ProviderForm)
        name, label, chosen = form.editing, form.title, self.chosen
        add = self._all if self.take_all else [chosen] if chosen else []
        await models.sync(await actor(self), name, add=add, default=chosen or None)
        await dialogs.close(self)
        if chosen:
            await tell(self, "success", i18n.say(await language(self), "done.model_default", model=chosen, name=label))

    def _show(self) -> None:
        needle = self.search.strip().lower()
        self.found = [m for m in self._all if needle in m.lower()][:SHOWN]

    def _offer(self, result: ProbeResult | None) -> None:
        listed = result.models if result else []
        self.chosen = result.model if result and result.ok and result.model in listed else ""
        self._all = sorted(listed, key=lambda model: model != self.chosen)  # the one that is proposed comes first
        self.total, self.search, self.take_all = len(self._all), "", True
        self._show()

    async def _test(self, form: dict[str, str], secrets: dict[str, Secret]) -> None:
        async with busy(self, ProviderForm, "testing") as is_free:
            async with self:
                dialog = await self.get_state(ProviderForm)
                dialog.again = False
                if not is_free or not dialog.step:
                    return
                who, locale = await actor(self), await language(self)
                dialog.errors, dialog.run = {}, Run()
                is_deeper, dialog.deeper = dialog.deeper, False
                provider, preset, ticket = dialog._provider, preset_of(dialog.preset), dialog.ticket
            try:
                depth, model = chosen(form)
                draft = form_draft.whole(form, secrets, of=provider) if provider else form_draft.new(form, secrets, preset=preset)
            except InvalidDraft as error:
                await self._mark(error, locale, ticket)
                return
            depth = "chat" if is_deeper else depth
            steps = probes.run_draft(who, draft, model=model, depth=depth, provider_name=provider.name if provider else None)
            await self._climb(steps_of(steps), locale, ticket)

    async def _climb(self, probe: Steps, locale: str, ticket: int) -> None:
        """Draw a ladder in the dialog while it is climbed. Dropped once the dialog that asked for it was closed."""
        async with self:
            dialog = await self.get_state(ProviderForm)
            if dialog.ticket != ticket:
                return
            preset, run = preset_of(dialog.preset), Run()
            dialog.run = run
        try:
            async with aclosing(probe) as steps:
                async for step in steps:
                    run = climb(run, step, locale, preset)
                    async with self:
                        dialog = await self.get_state(ProviderForm)
                        if dialog.ticket != ticket:
                            return
                        dialog.run = run
                        if isinstance(step, ProbeResult):
                            dialog.testing, dialog.models = False, of_draft(step.models, dialog.preset)
                            self._offer(step)
        except PatchbayError as error:
            await self._mark(error, locale, ticket)

    async def _save(self, form: dict[str, str], secrets: dict[str, Secret]) -> None:
        async with busy(self, ProviderForm, "saving") as is_free:
            async with self:
                dialog = await self.get_state(ProviderForm)
                if not is_free or dialog.step != "fields":
                    return
                who, locale = await actor(self), await language(self)
                dialog.errors, dialog.stale = {}, ""
                old, version, preset = dialog._provider, dialog.version, preset_of(dialog.preset)
                outcome, ticket = dialog.run.outcome, dialog.ticket
                detach = dialog.keys > 1 and bool(dialog.going_to)  # the form has said that they stay behind
            try:
                if old:
                    patch = form_draft.patch(form, secrets, of=old, version=version, detach=detach)
                    provider = await providers.update(who, old.name, patch)
                else:
                    provider = await create(who, form, form_draft.new(form, secrets, preset=preset))
            except PatchbayError as error:
                await self._mark(error, locale, ticket, is_save=True)
                return
            is_open = await self._saved(provider, locale, ticket, is_new=old is None, outcome=outcome)
        if not is_open:
            return
        async with busy(self, ProviderForm, "testing"):
            await self._climb(steps_of(probes.run_saved(who, provider.name)), locale, ticket)

    async def _saved(self, provider: Provider, locale: str, ticket: int, *, is_new: bool, outcome: str) -> bool:
        """Close an edit; take a new provider to its models. Whether it is to be tested now: unless that was just done."""
        async with self:
            dialog = await self.get_state(ProviderForm)
            await tell(self, "success", i18n.say(locale, "done.created" if is_new else "done.saved", name=provider.label))
            if dialog.ticket != ticket:
                return False
            if not is_new:
                await dialogs.close(self)
                return False
            dialog.saving, dialog.step = False, "saved"
            await dialogs.go_on(self)
            dialog.forget_seq += 1
            dialog.editing, dialog.title, dialog.default_model = provider.name, provider.label, provider.default_model or ""
            if provider.last_test is not None and outcome:
                self._offer(provider.last_test.result)
                return False
        return True

    async def _mark(self, error: PatchbayError, locale: str, ticket: int, *, is_save: bool = False) -> None:
        """Show it in the dialog it belongs to. Once that was closed, only that a save failed is worth a notice."""
        async with self:
            dialog = await self.get_state(ProviderForm)
            if dialog.ticket == ticket:
                await mark(self, dialog, error, locale)
            elif is_save:
                await tell(self, "error", answer(locale, error))


async def mark(state: rx.State, dialog: ProviderForm, error: PatchbayError, locale: str) -> None:
    """Put an error where it belongs: at its field, above the form, or into a notice."""
    match error:
        case InvalidDraft() | Taken():
            dialog.errors = form_draft.placed(reasons(locale, error))
            dialog.error_seq += 1
        case ReentryRequired():
            dialog.replacing = True
            dialog.errors = {ask.name: i18n.say(locale, "error.credential_reentry_required") for ask in dialog.asks if ask.secret}
            dialog.error_seq += 1
        case Stale():
            dialog.stale = changes(error, locale) or answer(locale, error)
            dialog.version = int(str(error.details.get("version", dialog.version)))
        case _:
            await explain(state, error)


def changes(error: Stale, locale: str) -> str:
    """What somebody else saved meanwhile, in words: "Address: https://…, Name: …"."""
    changed = error.details.get("changed")
    found = changed.items() if isinstance(changed, dict) else ()
    named = [(i18n.say_code(locale, "configuration", field), value) for field, value in found if field != "version"]
    return i18n.say(locale, "common.comma").join(i18n.say(locale, "audit.set_to", field=name, after=value) for name, value in named)


async def create(who: Actor, form: dict[str, str], draft: ProviderDraft) -> Provider:
    """Save a new provider. A short name that was not chosen by a person yields to one that is taken."""
    try:
        return await providers.create(who, draft)
    except (NameTaken, InvalidDraft) as error:
        is_other = isinstance(error, InvalidDraft) and list(error.reasons) != ["name"]
        if is_other or form.get("name", "").strip() or not error.suggestions:
            raise
        return await providers.create(who, draft.model_copy(update={"name": error.suggestions[0]}))
