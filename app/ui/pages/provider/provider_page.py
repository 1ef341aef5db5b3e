"""The page of one provider: what it is, how it does, and which of its tabs is open. Where somebody is stands in the address."""

from dataclasses import dataclass, field

import reflex as rx
from reflex.event import EventSpec

from app.domain.actor import Role
from app.domain.errors import UnknownProvider
from app.domain.providers.provider import Provider
from app.domain.providers.routes import readable
from app.services import audit, credentials, models, providers
from app.ui import i18n
from app.ui.history.audit_words import Entry, entries, named_in
from app.ui.kit import dialogs, url_query
from app.ui.pages.provider.keys.provider_keys import ProviderKeys
from app.ui.permission import requires
from app.ui.presets.gallery import preset_of
from app.ui.presses import quiet
from app.ui.probe.run import Run, finished
from app.ui.provider import dependants, next_default_state
from app.ui.provider.card import Card, card, kind_of
from app.ui.provider.dependants import DELETE, Warned
from app.ui.provider.health_words import Mark, marks
from app.ui.provider_form.auth_fields import needs_token
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language, tell

OVERVIEW, KEYS, MODELS, HISTORY = TABS = ("overview", "keys", "models", "history")
_LISTED = 200  # models drawn at once
_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands on the first tab. Times are ISO 8601; `auth_type` is a code; `ways`: what is called → whole address."""

    name: str = ""
    description: str = ""
    kind: str = ""
    auth_type: str = ""
    needs_key: bool = False
    calls_to: str = ""
    default_model: str = ""
    tags: list[str] = field(default_factory=list)
    tested_at: str = ""
    tested_by: str = ""
    created_at: str = ""
    created_by: str = ""
    updated_at: str = ""


class ProviderPage(rx.State):
    """`name` is the provider that was read, `gone` when there is none of that name any more. `run` is its last test as a
    ladder, `marks` are its newest calls."""

    name: str = ""
    gone: bool = False
    tab: str = OVERVIEW
    card: Card | None = None
    facts: Facts = Facts()
    run: Run = Run()
    marks: list[Mark] = []
    models: list[str] = []
    model_count: int = 0
    unlisted: int = 0  # models that the last test found and that are not listed
    matching: int = 0
    search: str = ""
    search_seed: int = 0
    entries: list[Entry] = []
    older: bool = False
    warned: Warned = Warned()
    typed: str = ""
    _models: list[str] = []
    _found: list[str] = []
    _before: int | None = None

    @rx.var
    def sure(self) -> bool:
        """Whether the name was typed where something would break."""
        return self.warned.is_met_by(self.typed)

    @rx.var
    def query(self) -> str:
        """Which tab is open and what is searched there, for the address."""
        return url_query.query(tab=(self.tab, OVERVIEW), q=(self.search, ""))

    @rx.var
    def path(self) -> str:
        """The address of this page without its query."""
        return f"/providers/{self.name}"

    @rx.event
    @answered
    async def load(self) -> None:
        """Show the provider and the tab that the address names: when the page opens, by a link, by the browser's own way back."""
        name = self.router.url.path.strip("/").rpartition("/")[2]
        if name != self.name:
            self.reset()
            (await self.get_state(ProviderKeys)).reset()
            self.name = name
        asked = url_query.asked(self)
        self.tab = asked["tab"] if asked.get("tab") in TABS else OVERVIEW
        if (search := asked.get("q", "")[:100]) != self.search:
            self.search, self.search_seed = search, self.search_seed + 1
        await self._look()

    @rx.event
    @answered
    @quiet
    async def follow(self) -> None:
        """Something changed somewhere: look anew, send what differs."""
        if self.name:
            await self._look()

    @rx.event
    @answered
    async def choose_tab(self, tab: str) -> None:
        """Open another tab."""
        self.tab = tab if tab in TABS else OVERVIEW
        self.search, self.search_seed = "", self.search_seed + 1
        await self._look()

    @rx.event
    @answered
    @quiet
    async def find(self, text: str) -> None:
        """Show the models, or the keys, that match."""
        self.search = text[:100]
        if self.tab == KEYS:
            (await self.get_state(ProviderKeys))._find(self.search)
        else:
            self._show_models()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def list_found(self) -> None:
        """List the models that the last test found, too."""
        if self._found:
            await models.sync(await actor(self), self.name, add=self._found)
            await self._look()

    @rx.event
    @answered
    async def show_older(self) -> None:
        """The entries before the ones that are shown."""
        await self._read_history(more=True)

    @rx.event
    @answered
    async def ask_delete(self) -> None:
        """Open the question whether to delete, saying what depends on it."""
        self.warned, self.typed = await dependants.warning(await actor(self), self.name, await language(self)), ""
        await next_default_state.offer(self, self.name)
        await dialogs.open_(self, DELETE, self.card.id if self.card else "", again=ProviderPage.ask_delete)

    @rx.event
    @answered
    @quiet
    async def type_name(self, text: str) -> None:
        """The provider's name, typed."""
        self.typed = text[:100]

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(DELETE)
    async def delete(self, dialog: str) -> EventSpec | None:
        """Move the provider to the trash and go back to the list."""
        if not self.warned.is_met_by(self.typed):
            return None
        label = self.card.label if self.card else self.name
        following = await next_default_state.chosen(self) if self.card and self.card.is_default else None
        await providers.delete(await actor(self), self.name, next_default=following)
        await dialogs.close(self)
        self.name = ""
        await tell(self, "success", i18n.say(await language(self), "done.deleted", name=label))
        return rx.redirect("/")

    async def _look(self) -> None:
        """Read what the open tab shows."""
        who, locale = await actor(self), await language(self)
        try:
            provider = await providers.get(who, self.name)
        except UnknownProvider:
            self._say("gone", True)
            await dialogs.keep_to(self, set())
            return
        self._say("gone", False)
        preset = preset_of(provider.preset)
        shown = card(provider, preset, locale)
        self._say("card", shown)
        self._say("facts", _facts(provider, shown, locale))
        last = provider.last_test
        self._say("run", finished(Run(), last.result, locale, key_url=preset.key_url if preset else "") if last else Run())
        if self.tab == OVERVIEW:
            self._say("marks", marks(await providers.health_of(who, provider.name), locale))
        keys = await self.get_state(ProviderKeys)
        keys._say("provider", provider.name)
        keys._say("needs_token", needs_token(provider.auth_type))
        keys._take(await credentials.list_(who, provider.name), locale)
        keys._find(self.search if self.tab == KEYS else "")
        await dialogs.keep_to(self, {provider.id, *(key.id for key in keys._every())})
        if self.tab == MODELS:
            self._models = [model.identifier for model in await models.list_(who, provider.name)]
            self._found = sorted(set(last.result.models if last else ()) - set(self._models))
            self._say("unlisted", len(self._found))
            self._show_models()
        if self.tab == HISTORY:
            await self._read_history()

    async def _read_history(self, *, more: bool = False) -> None:
        who, locale = await actor(self), await language(self)
        if self.card is None:
            return
        page = await audit.page(who, target_id=self.card.id, before_seq=self._before if more else None, limit=_ENTRIES)
        found = entries(page.items, locale, await audit.names(who, named_in(page.items)))
        self._before = int(page.next_cursor) if page.next_cursor else None
        self._say("entries", [*self.entries, *found] if more else found)
        self._say("older", self._before is not None)

    def _show_models(self) -> None:
        needle = self.search.strip().lower()
        found = [model for model in self._models if needle in model.lower()]
        self._say("models", found[:_LISTED])
        self._say("matching", len(found))
        self._say("model_count", len(self._models))

    def _say(self, name: str, value: object) -> None:
        """Set a var only when it differs: an assignment is sent, whatever the value."""
        if getattr(self, name) != value:
            setattr(self, name, value)


def _facts(provider: Provider, shown: Card, language: str) -> Facts:
    kind = kind_of(provider, preset_of(provider.preset), language)
    return Facts(
        name=provider.name,
        description=provider.description,
        kind="" if kind == provider.label else kind,
        auth_type=provider.auth_type,
        needs_key=provider.auth_type != "none",
        calls_to=readable(provider.effective_urls.get("chat", provider.base_url)),
        default_model=provider.default_model or "",
        tags=list(provider.tags),
        tested_at=shown.tested_at,
        tested_by=provider.last_test.tested_by if provider.last_test else "",
        created_at=provider.created_at.isoformat(),
        created_by=provider.created_by,
        updated_at=provider.updated_at.isoformat(),
    )
