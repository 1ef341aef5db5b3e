"""The master keys in this tab: where they live, how much each seals, and the recovery kit. No key ever comes here."""

from dataclasses import dataclass

import reflex as rx
from reflex.event import IndividualEventType

from app.domain.actor import Role
from app.domain.keyring import KeyringStatus, MasterKey, MasterKeyState
from app.services import keyring, recovery
from app.ui import i18n
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.presses import quiet
from app.ui.session import current_user
from app.ui.session.notices import answered, language, tell
from app.ui.session.session import SessionState

KIT = dialogs.kind("recovery kit")


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A master key. `holders` of all `servers` hold it; times are ISO 8601."""

    kid: str
    state: str
    secrets: int
    holders: int
    created_at: str


class Encryption(rx.State):
    """What stands on the page. `proof` goes into the form that the browser sends itself; it is of use to this session alone."""

    loaded: bool = False
    kind: str = ""
    source: str = ""
    instance: str = ""
    servers: int = 0
    keys: list[KeyLine] = []
    issued_at: str = ""
    kept_at: str = ""
    proof: str = ""
    problem: str = ""
    wait: str = ""

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def arrive(self) -> list[IndividualEventType[()]]:
        """The page opens; after a form that was refused, with its dialog and the reason, which then leaves the address."""
        asked = self.router.url.query_parameters
        if not (problem := asked.get("error", "")[:20]):
            return [Encryption.load]
        await self._ask()
        self.problem, self.wait = problem, asked.get("wait", "")[:6]
        return [Encryption.load, rx.redirect("/encryption", replace=True)]

    @rx.event
    @requires(Role.ADMIN)
    @answered
    @quiet
    async def load(self) -> None:
        """Look anew. A kit that was just saved closes the dialog that asked for it."""
        status = await keyring.status(await current_user.actor(self))
        if found := await current_user.session(self):
            self.proof = recovery.proof(found)
        self.kind, self.source, self.instance, self.servers = status.kind, status.source, status.instance_id, len(status.workers)
        self.keys = [_line(key, status) for key in status.keys]
        active = next((key for key in status.keys if key.state is MasterKeyState.ACTIVE), None)
        issued = active.kit_issued_at.isoformat() if active and active.kit_issued_at else ""
        if self.loaded and issued != self.issued_at and await dialogs.is_open(self, KIT):
            await dialogs.close(self)
        self.issued_at = issued
        self.kept_at = active.kit_acknowledged_at.isoformat() if active and active.kit_acknowledged_at else ""
        self.loaded = True

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def ask(self) -> None:
        """Show the dialog that asks for the password."""
        await self._ask()

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def keep(self) -> None:
        """The person says that the key is kept in a safe place."""
        await recovery.acknowledge(await current_user.actor(self))
        (await self.get_state(SessionState)).is_kit_due = False
        await tell(self, "success", i18n.say(await language(self), "done.kit_kept"))
        return Encryption.load  # type: ignore[return-value] - Reflex goes on with it

    async def _ask(self) -> None:
        self.problem = ""
        await dialogs.open_(self, KIT, again=Encryption.ask)


def _line(key: MasterKey, status: KeyringStatus) -> KeyLine:
    holders = sum(key.kid in worker.kids for worker in status.workers)
    return KeyLine(key.kid, key.state.value, key.values, holders, key.created_at.isoformat())
