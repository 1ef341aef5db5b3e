"""The audit in this tab."""

import reflex as rx

from app.domain.audit import AuditItem, AuditVerdict, Outcome
from app.services import audit
from app.ui import i18n
from app.ui.history.audit_words import LISTED, Entry, entries, named_in
from app.ui.kit import url_query
from app.ui.presses import busy
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language

STEP = 50
LOOK = 5  # pages looked through for entries of a group before the reader has to ask for more
GROUPS: dict[str, tuple[str, ...]] = {
    "providers": ("provider:", "credential:", "alias:", "egress:", "discovery:"),
    "access": ("user:", "instance:setup"),
    "client_keys": ("client_key:",),
    "system": ("instance:", "master_key:", "registry:", "audit:"),
}


class Audit(rx.State):
    """Newest first; older entries on request."""

    loaded: bool = False
    entries: list[Entry] = []
    group: str = "all"
    more: bool = False
    checking: bool = False
    checked: str = ""
    intact: bool = True
    _before: int | None = None

    @rx.var
    def query(self) -> str:
        """Which entries are shown, for the address."""
        return url_query.query(group=(self.group, "all"))

    @rx.event
    @answered
    async def arrive(self) -> None:
        """The newest of the entries that the address asks for."""
        asked = url_query.asked(self).get("group", "")
        self.group = asked if asked in GROUPS else "all"
        self.entries, self._before = [], None
        await self._read()
        self.loaded = True

    @rx.event
    @answered
    async def load(self) -> None:
        """The newest entries."""
        self.entries, self._before = [], None
        await self._read()
        self.loaded = True

    @rx.event
    @answered
    async def choose_group(self, group: str) -> None:
        """Entries of one kind."""
        self.group = group if group in GROUPS else "all"
        self.entries, self._before = [], None
        await self._read()

    @rx.event
    @answered
    async def older(self) -> None:
        """The entries before the ones that are shown."""
        await self._read()

    @rx.event(background=True)
    @answered
    async def verify(self) -> None:
        """Follow the whole chain."""
        async with busy(self, Audit, "checking") as is_free:
            if not is_free:
                return
            async with self:
                self.checked = ""
                who, locale = await actor(self), await language(self)
            verdict = await audit.verify(who)
        async with self:
            self.intact = verdict.ok
            self.checked = _told(verdict, locale)

    async def _read(self) -> None:
        who, locale = await actor(self), await language(self)
        found: list[AuditItem] = []
        for _ in range(LOOK):
            page = await audit.page(who, before_seq=self._before, limit=STEP)
            found += [item for item in page.items if self.group == "all" or _is_in(item.action, self.group)]
            self._before = int(page.next_cursor) if page.next_cursor else None
            if self._before is None or len(found) >= STEP:
                break
        self.entries = [*self.entries, *entries(found, locale, await audit.names(who, named_in(found)))]
        self.more = self._before is not None


def _told(verdict: AuditVerdict, language: str) -> str:
    if verdict.first_bad is not None:
        return i18n.say(language, "audit.broken", seq=verdict.first_bad)
    if names := [row.name or row.id for row in verdict.refused]:
        shown = i18n.say(language, "common.comma").join(names[:LISTED]) + (" …" if len(names) > LISTED else "")
        return i18n.say(language, "audit.rows_refused", n=len(names), names=shown)
    return i18n.say(language, "audit.verified", n=verdict.checked)


def _is_in(action: str, group: str) -> bool:
    first = next((g for g, heads in GROUPS.items() if action.startswith(heads)), "system")
    return first == group


DENIED = Outcome.DENIED.value
FAILED = Outcome.FAILED.value
