"""The password of the person in front of the tab. Both passwords are in the event and in hashes, nowhere else."""

import reflex as rx

from app.domain.errors import InvalidDraft, NotSignedIn
from app.domain.secret import Secret
from app.services import people
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language, reasons, tell

PASSWORD = dialogs.kind("own password")


class Account(rx.State):
    """The dialog; `ticket` changes whenever it opens."""

    ticket: int = 0
    errors: dict[str, str] = {}
    error_seq: int = 0

    @rx.event
    @answered
    async def ask(self) -> None:
        """Open the dialog."""
        self.errors, self.ticket = {}, self.ticket + 1
        await dialogs.open_(self, PASSWORD, again=Account.ask)

    @rx.event
    @answered
    @dialogs.submits(PASSWORD)
    async def change(self, form: dict[str, str]) -> None:
        """Change one's own password. Every other session of this person ends, this one stays."""
        locale, old, new = await language(self), Secret(form.pop("old_password", "")), Secret(form.pop("new_password", ""))
        who, empty = await actor(self), i18n.say(locale, "reason.fill_in")
        self.errors = {name: empty for name, text in (("old_password", old), ("new_password", new)) if not text}
        if not self.errors:
            try:
                await people.change_password(who, old, new)
            except NotSignedIn:
                self.errors = {"old_password": i18n.say(locale, "reason.password_wrong")}
            except InvalidDraft as error:
                self.errors = {"new_password": next(iter(reasons(locale, error).values()))}
        if self.errors:
            self.error_seq += 1
            return
        await dialogs.close(self)
        await tell(self, "success", i18n.say(locale, "account.changed"))
