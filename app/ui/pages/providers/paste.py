"""The dialog that takes a pasted text apart. The text lies in the page and comes along with each question; no var ever holds it."""

from dataclasses import dataclass, replace

import reflex as rx

from app import presets
from app.domain.actor import Role
from app.domain.errors import PatchbayError
from app.domain.pasting.pasted import Doubt
from app.domain.secret import Secret
from app.services import providers
from app.services.providers import Find
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presets.face import face
from app.ui.presets.gallery import preset_of
from app.ui.provider_form import form_draft
from app.ui.provider_form.form import ADD, CUSTOM, ProviderForm
from app.ui.session.current_user import actor
from app.ui.session.notices import answer, answered, language, tell

PASTE = dialogs.kind("paste")
TEXT = "text"  # the secret field of the form
VENDOR = "vendor."  # and the beginning of the choices in it


@dataclass(frozen=True, slots=True)
class Item:
    """One find as drawn. `places` says for the browser where in the text the secrets stand: `field:start:end` with blanks between.
    `outcome`: "" until it was tried, then added or failed."""

    index: int
    vendor: str
    label: str
    logo: str
    initials: str
    tint: str
    calls_to: str
    key: str
    variable: str
    note: str
    places: str
    can_add: bool
    ticked: bool
    outcome: str = ""
    problem: str = ""


class Pasting(rx.State):
    """`looked`: somebody asked what the text holds. `ticket` grows whenever the dialog opens or closes: late answers are dropped."""

    ticket: int = 0
    looked: bool = False
    items: list[Item] = []
    vendors: list[list[str]] = []
    _found: list[Find] = []

    @rx.var
    def ticked(self) -> int:
        """How many would be added."""
        return sum(item.ticked and item.outcome != "added" for item in self.items)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def open(self) -> None:
        """Show the empty dialog."""
        self._clear()
        self.vendors = [[p.id, p.label] for p in sorted(presets.all_(), key=lambda p: p.label.lower())]
        await dialogs.open_(self, PASTE, again=Pasting.open)

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @dialogs.submits(PASTE)
    async def submit(self, form: dict[str, str]) -> None:
        """Look, or add what is ticked, by the hidden field `intent`."""
        text = form_draft.take_secrets(form).get(TEXT, Secret(""))
        vendors = {int(n): v for f, v in form.items() if v and f.startswith(VENDOR) and (n := f.removeprefix(VENDOR)).isdigit()}
        if form.get("intent") == "add" and self.ticked:
            await self._add(text, vendors)
        else:
            await self._look(text, vendors)

    @rx.event
    @answered
    async def tick(self, index: int, on: bool) -> None:
        """Whether one of them is added."""
        self.items = [replace(i, ticked=bool(on) and i.can_add) if i.index == index else i for i in self.items]

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def fill(self, index: int) -> None:
        """Go on in the form with one of them; its key is carried over by the browser."""
        find = next((f for f in self._found if f.index == index), None)
        if find is None:
            return
        form = await self.get_state(ProviderForm)
        form._clear()
        await form._take(find.preset or CUSTOM)
        if find.base_url:
            await form._put_address(find.base_url)
        if not find.preset:
            form.label = form._label_given = find.label
        if find.auth_type in form.auth_types:
            form.auth_type = find.auth_type
            form._ask()
            form.asks = [replace(a, value=find.auth.get(a.word, a.value)) for a in form.asks]
        form.default_model = find.model
        await dialogs.open_(self, ADD, again=ProviderForm.add(form.preset), is_changed=True)

    async def _look(self, text: Secret, vendors: dict[int, str]) -> None:
        found = await providers.look_into(await actor(self), text, vendors=vendors)
        locale = await language(self)
        self._found, self.looked = found, True
        self.items = [_item(find, locale) for find in found]

    async def _add(self, text: Secret, vendors: dict[int, str]) -> None:
        locale = await language(self)
        wanted = [item.index for item in self.items if item.ticked and item.outcome != "added"]
        added = {a.index: a for a in await providers.add_pasted(await actor(self), text, wanted, vendors=vendors)}
        self.items = [_after(item, added[item.index].problem, locale) if item.index in added else item for item in self.items]
        done = sum(a.problem is None for a in added.values())
        if done:
            await tell(self, "success", i18n.say(locale, "paste.added", n=done))
        if done == len(added):
            await dialogs.close(self)

    def _clear(self) -> None:
        ticket = self.ticket + 1
        self.reset()
        self.ticket = ticket


def _item(find: Find, locale: str) -> Item:
    look = face(find.label or "?", preset_of(find.preset))
    can_add = find.is_complete
    return Item(
        index=find.index,
        vendor=find.preset or (CUSTOM if find.base_url else ""),
        label=find.label,
        logo=look.logo,
        initials=look.initials,
        tint=look.tint,
        calls_to=find.calls_to,
        key=f"••••{find.hint}" if find.places else "",
        variable=find.variable,
        note=_note(find, locale),
        places=" ".join(f"{field}:{start}:{end}" for field, (start, end) in find.places.items()),
        can_add=can_add,
        ticked=can_add and not find.has,
    )


def _note(find: Find, locale: str) -> str:
    """The one thing to know before it is added."""
    if find.has:
        return i18n.say(locale, "paste.note.has", name=find.has)
    for doubt in (Doubt.MASKED, Doubt.WHICH_VENDOR, Doubt.NO_KEY, Doubt.ADDRESS, Doubt.SHARED_PREFIX):
        if doubt in find.doubts:
            return i18n.say_code(locale, "paste.note", doubt)
    if not find.calls_to:
        return i18n.say_code(locale, "paste.note", Doubt.ADDRESS)
    return i18n.say(locale, "paste.note.beside", name=find.beside) if find.beside else ""


def _after(item: Item, problem: PatchbayError | None, locale: str) -> Item:
    outcome, said = ("failed", answer(locale, problem)) if problem else ("added", "")
    return replace(item, ticked=False, outcome=outcome, problem=said)
