"""Keys for applications in this tab. A new key travels once, as a value for a hidden field of the page; no var ever holds it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from app import settings
from app.domain.actor import Role, Scope
from app.domain.errors import InvalidDraft, Reason
from app.domain.people.people import LONGEST_NAME, ClientKey, ClientKeyPatch
from app.domain.providers.provider import ProviderQuery
from app.services import client_keys, providers
from app.ui import i18n
from app.ui.client_keys.key_rights import KeyRights
from app.ui.client_keys.snippets import snippets
from app.ui.i18n.days import day_of
from app.ui.kit import dialogs, url_query
from app.ui.permission import requires
from app.ui.presses import choice, quiet
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language, reasons, tell

NEW, EDIT, REVOKE = (dialogs.kind(name) for name in ("new app key", "edit an app key", "revoke an app key"))
ISSUED = dialogs.kind("app key issued", after=NEW)
SHOWN_ONCE = "issued_key"  # id of the hidden field
NO_MODEL = "provider/model"
SHOWN = ("active", "refused")  # the others are listed on request
SPELLED_OUT = 4  # names of a restriction that a line shows


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key in the list. Times are ISO 8601 or "", `ends_on` its last day; `status`: active, expired, revoked or refused."""

    id: str
    name: str
    hint: str
    scope: str
    created_at: str
    created_by: str
    ends_on: str
    used_at: str
    status: str
    providers: str  # those it is restricted to, in words; "" = all
    models: str
    nothing: bool  # what it was restricted to is gone
    per_minute: int


class ClientKeys(rx.State):
    """`step`: new or edit (the form), or issued (the one time a key is shown)."""

    loaded: bool = False
    keys: list[KeyLine] = []
    revoked: int = 0
    show_revoked: bool = False
    step: str = ""
    ticket: int = 0
    scope: str = Scope.GATEWAY.value
    errors: dict[str, str] = {}
    error_seq: int = 0
    issued_name: str = ""
    issued_scope: str = ""
    model: str = ""
    python: str = ""
    javascript: str = ""
    curl: str = ""
    revoking: KeyLine | None = None
    _all: list[KeyLine] = []
    _editing: str = ""

    @rx.var
    def query(self) -> str:
        """Which keys are listed, for the address."""
        return url_query.query(revoked=(self.show_revoked, False))

    @rx.event
    @answered
    async def arrive(self) -> None:
        """Show what the address asks for."""
        self.show_revoked = url_query.asked(self).get("revoked") == str(True)
        await self._look()

    @rx.event
    @answered
    @quiet
    async def load(self) -> None:
        """Look anew."""
        await self._look()

    @rx.event
    @answered
    async def choose_revoked(self, on: bool) -> None:
        """Whether keys that no longer work are listed."""
        self.show_revoked = on
        self._present()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def add(self) -> None:
        """Open the form."""
        await (await self.get_state(KeyRights))._open(None)
        self.step, self.errors, self.scope, self.ticket = "new", {}, Scope.GATEWAY.value, self.ticket + 1
        await dialogs.open_(self, NEW, again=ClientKeys.add)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def edit(self, key_id: str) -> None:
        """Open the form with a key that was issued."""
        key = await client_keys.get(await actor(self), key_id)
        await (await self.get_state(KeyRights))._open(key)
        self.step, self.errors, self.scope, self.ticket = "edit", {}, key.scope.value, self.ticket + 1
        self._editing = key.id
        await dialogs.open_(self, EDIT, key.id, again=ClientKeys.edit(key.id))

    @rx.event
    @answered
    @choice
    async def choose_scope(self, scope: str) -> None:
        """What the new key may do."""
        self.scope = scope if scope in set(Scope) else Scope.GATEWAY.value

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(NEW)
    async def issue(self, form: dict[str, str]) -> AsyncIterator[EventSpec]:
        """Create a key and show it once."""
        locale = await language(self)
        try:
            rights = await self._rights(form)
            issued = await client_keys.issue(await actor(self), form.get("name", ""), Scope(self.scope), **rights)
        except InvalidDraft as error:
            self.errors, self.error_seq = reasons(locale, error), self.error_seq + 1
            return
        yield rx.set_value(SHOWN_ONCE, issued.key)
        await self._show(issued.client_key)
        await dialogs.go_on(self, ISSUED, issued.client_key.id, again=ClientKeys.show_again(issued.client_key.id), is_once=True)
        self._all = [_line(issued.client_key, await self._labels()), *self._all]
        self._present()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def show_again(self, key_id: str) -> None:
        """A restart of the server lost what was said about a new key. The key itself lies in the page, and nowhere else."""
        key = await client_keys.get(await actor(self), key_id)
        await self._show(key)
        await dialogs.open_(self, ISSUED, key.id, again=ClientKeys.show_again(key.id), is_once=True)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(EDIT)
    async def save(self, form: dict[str, str]) -> None:
        """Change what a key may do; it stays the same key."""
        locale = await language(self)
        try:
            patch = ClientKeyPatch(name=_name(form), **await self._rights(form))
            changed = _line(await client_keys.update(await actor(self), self._editing, patch), await self._labels())
        except InvalidDraft as error:
            self.errors, self.error_seq = reasons(locale, error), self.error_seq + 1
            return
        self._all = [changed if key.id == changed.id else key for key in self._all]
        self._present()
        await dialogs.close(self)
        await tell(self, "success", i18n.say(locale, "done.key_changed", name=changed.name))

    @rx.event
    @answered
    async def ask_revoke(self, key_id: str) -> None:
        """Open the question."""
        if found := next((key for key in self._all if key.id == key_id), None):
            self.revoking = found
            await dialogs.open_(self, REVOKE, key_id, again=ClientKeys.ask_revoke(key_id))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(REVOKE)
    async def revoke(self, dialog: str) -> None:
        """Applications with this key are refused from now on."""
        if (doomed := self.revoking) is None:
            return
        revoked = _line(await client_keys.revoke(await actor(self), doomed.id), await self._labels())
        await dialogs.close(self)
        self._all = [revoked if key.id == doomed.id else key for key in self._all]
        self._present()
        await tell(self, "success", i18n.say(await language(self), "done.key_revoked", name=doomed.name))

    async def _look(self) -> None:
        labels = await self._labels()
        self._all = [_line(key, labels) for key in await client_keys.list_(await actor(self))]
        self._present()
        self.loaded = True
        await dialogs.keep_to(self, {key.id for key in self._all if key.status != "revoked"})

    async def _rights(self, form: dict[str, str]) -> dict[str, Any]:
        """What the form allows. Keys for scripts are not restricted: they call no models."""
        return (await self.get_state(KeyRights))._chosen(form, calls_models=self.scope == Scope.GATEWAY.value)

    def _present(self) -> None:
        self.revoked = sum(key.status not in SHOWN for key in self._all)
        self.keys = [key for key in self._all if self.show_revoked or key.status in SHOWN]

    async def _labels(self) -> dict[str, str]:
        """Provider → the name people know it by."""
        labels, _ = await client_keys.nameable(await actor(self), most=0)
        return labels

    async def _show(self, key: ClientKey) -> None:
        """Code that is ready to paste, with a place for the key."""
        self.model = await self._example()
        address = settings.current().public_url.rstrip("/") or self.router.url.origin
        self.python, self.javascript, self.curl = snippets(address, self.model, key.scope)
        self.issued_name, self.issued_scope, self.step = key.name, key.scope.value, "issued"

    async def _example(self) -> str:
        """A model that works here, for the snippets."""
        page = await providers.list_(await actor(self), ProviderQuery(limit=100))
        found = sorted((p for p in page.items if p.enabled and p.default_model), key=lambda p: not p.is_default)
        return f"{found[0].name}/{found[0].default_model}" if found else NO_MODEL


def _line(key: ClientKey, labels: Mapping[str, str]) -> KeyLine:
    over = key.expires_at is not None and key.expires_at <= datetime.now(UTC)
    return KeyLine(
        id=key.id,
        name=key.name,
        hint=f"pb-{key.hint.removeprefix('pb-')}-••••",
        scope=key.scope.value,
        created_at=key.created_at.isoformat(),
        created_by=key.created_by,
        ends_on=day_of(key.expires_at),
        used_at=key.last_call.at.isoformat() if key.last_call else "",
        providers=_names([labels.get(name, name) for name in key.providers or []]),
        models=_names(key.models or []),
        nothing=[] in (key.providers, key.models),
        per_minute=key.requests_per_minute,
        status="refused" if key.is_refused else "revoked" if key.revoked_at else "expired" if over else "active",
    )


def _name(form: dict[str, str]) -> str:
    name = " ".join(form.get("name", "").split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidDraft({"name": Reason("name_length", "Enter a name of 1 to {most} characters.", most=LONGEST_NAME)})
    return name


def _names(names: list[str]) -> str:
    """The first of a list of names, and that there are more."""
    return ", ".join(names[:SPELLED_OUT]) + (f" +{len(names) - SPELLED_OUT}" if len(names) > SPELLED_OUT else "")
