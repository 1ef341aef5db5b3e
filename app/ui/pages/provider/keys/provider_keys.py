"""The keys of the provider on the page: the table, and what can be done to one of them at once."""

from collections.abc import Sequence

import reflex as rx

from app.domain.actor import Role
from app.domain.credentials.credential import Credential, CredentialPatch, KeyState
from app.services import credentials, tokens
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.pages.provider.keys.key_rows import HELD, RESERVE, USED, KeyRow, moved, rows, searched, summary
from app.ui.permission import requires
from app.ui.presses import quiet
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language, tell

REMOVE = dialogs.kind("remove a key")
STEP = 25  # keys of a zone drawn at once
_SETTABLE = (KeyState.ACTIVE, KeyState.STANDBY, KeyState.DISABLED)


class ProviderKeys(rx.State):
    """Zone by zone, in the order in which they are tried; of each as many as are drawn. `ending` are those whose date is near or over,
    `matching` how many the search finds, `hidden` how many of those are not drawn yet."""

    provider: str = ""
    used: list[KeyRow] = []
    reserve: list[KeyRow] = []
    held: list[KeyRow] = []
    ending: list[KeyRow] = []
    shared: list[KeyRow] = []  # stored at another provider too
    total: int = 0
    matching: int = 0
    hidden: int = 0
    needs_token: bool = False  # calls go out with a token that is fetched with the key
    summary: list[str] = []
    removing: KeyRow | None = None
    is_last_one: bool = False
    _rows: list[KeyRow] = []
    _needle: str = ""
    _room: int = STEP

    @rx.event
    @answered
    @quiet
    async def show_more(self) -> None:
        """Draw the next ones of every zone."""
        if self.hidden:
            self._room += STEP
            self._present()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def move(self, key_id: str, up: bool) -> None:
        """One place up or down within its zone."""
        if (order := moved(self._every(), key_id, up=bool(up))) is not None:
            self._take(await credentials.reorder(await actor(self), self.provider, order), await language(self))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def put(self, key_id: str, state: str) -> None:
        """Use a key, make it a reserve, or turn it off."""
        if state not in _SETTABLE:
            return
        changed = await credentials.update(await actor(self), key_id, CredentialPatch.model_validate({"state": state}))
        await self._look()
        await tell(self, "success", i18n.say_code(await language(self), "key_done", state, name=changed.label))

    @rx.event
    @answered
    async def ask_remove(self, key_id: str) -> None:
        """Open the question whether to remove a key."""
        self.removing = next((key for key in self._every() if key.id == key_id), None)
        others = [key for key in self._rows if key.zone != HELD and key.id != key_id]
        self.is_last_one = bool(self.removing and self.removing.zone != HELD and not others)
        if self.removing:
            await dialogs.open_(self, REMOVE, key_id, again=ProviderKeys.ask_remove(key_id))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(REMOVE)
    async def remove(self, dialog: str) -> None:
        """Delete the key in question."""
        if (doomed := self.removing) is None:
            return
        await credentials.remove(await actor(self), doomed.id)
        await dialogs.close(self)
        await self._look()
        await tell(self, "success", i18n.say(await language(self), "key_done.removed", name=doomed.label))

    @rx.event(background=True)
    @requires(Role.ADMIN)
    @answered
    async def fetch_token(self, key_id: str) -> None:
        """Fetch a token with a key now, and say what came of it."""
        async with self:
            who = await actor(self)
        await tokens.fetch(who, key_id)
        async with self:
            await self._look()
            await tell(self, "success", i18n.say(await language(self), "key_done.token"))

    async def _look(self) -> None:
        """Read the keys anew; nothing is sent where nothing differs."""
        if self.provider:
            self._take(await credentials.list_(await actor(self), self.provider), await language(self))

    def _take(self, keys: Sequence[Credential], locale: str) -> None:
        held = {key.id: tokens.info(key.id) for key in keys} if self.needs_token else {}
        found = rows(keys, locale, {key_id: token.expires_at.isoformat() for key_id, token in held.items() if token})
        self._rows = found
        self._present()
        self._say("ending", [key for key in found if key.reminder])
        self._say("shared", [key for key in found if key.also_at])
        self._say("total", len(found))
        self._say("summary", summary(keys, locale))

    def _find(self, text: str) -> None:
        """Show the keys that match: by name, last characters, fingerprint or place."""
        if (needle := text.strip().lower()) != self._needle:
            self._needle, self._room = needle, STEP
            self._present()

    def _present(self) -> None:
        found = [key for key in self._rows if self._needle in searched(key)]
        drawn = 0
        for name, zone in (("used", USED), ("reserve", RESERVE), ("held", HELD)):
            shown = [key for key in found if key.zone == zone][: self._room]
            drawn += len(shown)
            self._say(name, shown)
        self._say("matching", len(found))
        self._say("hidden", len(found) - drawn)

    def _say(self, name: str, value: object) -> None:
        """Set a var only when it differs: an assignment is sent, whatever the value."""
        if getattr(self, name) != value:
            setattr(self, name, value)

    def _every(self) -> list[KeyRow]:
        return self._rows
