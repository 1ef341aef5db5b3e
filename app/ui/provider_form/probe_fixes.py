"""The Fix buttons: what a test proposes is put into the form, and the test runs again."""

from dataclasses import replace

import reflex as rx
from reflex.event import EventType

from app.domain.actor import Role
from app.domain.probes.probe import FixAction
from app.probe import diagnoses
from app.services import providers
from app.ui.kit import dialogs
from app.ui.permission import requires
from app.ui.probe.probing import Probing
from app.ui.probe.run import Run, finished
from app.ui.provider_form.form import EDIT, ProviderForm
from app.ui.session.current_user import actor
from app.ui.session.notices import answered, language

HEADER, PLAIN = "custom_header", "api_key"
ADDRESS = frozenset(
    {
        FixAction.CHANGE_ADDRESS,
        FixAction.DROP_VERSION,
        FixAction.ADD_VERSION,
        FixAction.AT_ROOT,
        FixAction.USE_HTTPS,
        FixAction.USE_HTTP,
        FixAction.USE_DOCKER_HOST,
    }
)


class Repairing(rx.State):
    """No vars: it works on the form."""

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def repair(self) -> None:
        """Make the repair that the test in the form proposes, and test again."""
        form = await self.get_state(ProviderForm)
        await dialogs.note(self, is_changed=await mend(form, form.run))

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def ask_model(self, model: str) -> None:
        """Test again with another model."""
        if model:
            form = await self.get_state(ProviderForm)
            form.asked_model, form.again = (model if form.editing else ""), True
            form.default_model = form.default_model if form.editing else model

    @rx.event
    @requires(Role.ADMIN)
    @answered
    async def fix(self, name: str) -> EventType[()] | None:
        """Open the form of a saved provider with the repair made that its last test proposes, and test again. Where only the test fell
        short, that is all it takes."""
        provider = await providers.get(await actor(self), name)
        found = provider.last_test.result.error if provider.last_test else None
        if found and found.fix and found.fix.action is FixAction.TEST_CHAT:
            return Probing.test(provider.id, provider.name, provider.preset or "")
        form = await self.get_state(ProviderForm)
        form._clear()
        await form._fill(provider)
        is_changed = False
        if provider.last_test is not None:
            form.run = finished(Run(), provider.last_test.result, await language(self))
            is_changed = await mend(form, form.run)
        await dialogs.open_(self, EDIT, provider.id, again=ProviderForm.edit(name), is_changed=is_changed)
        return None


async def mend(form: ProviderForm, run: Run) -> bool:
    """Put the repair into the form; test again where nothing is left for the person to do. Whether the form is another than before."""
    if run.fix in ADDRESS and run.fix_value:
        await form._put_address(run.fix_value, run.fix)
    elif run.fix == FixAction.RAISE_LIMIT:
        form.limits, form.seed = {**form.limits, diagnoses.limit_of(run.code): run.fix_value}, form.seed + 1
    elif run.fix == FixAction.SEND_IN_HEADER:
        _send_in(form, run.fix_value)
    elif run.fix == FixAction.REPLACE_KEY:
        form.replacing = True
        return False
    elif run.fix == FixAction.ADD_KEY:
        ask_for_key(form)
        return True
    elif run.fix == FixAction.TEST_CHAT:
        form.deeper = form.again = True
        return False
    elif run.fix != FixAction.APPROVE_LOCAL:
        return False
    # A saved key is sealed for the way it was sent; for another one it has to be entered once more.
    form.again = not (form.has_key and form.going_to) and not (run.fix == FixAction.SEND_IN_HEADER and form.editing)
    return run.fix != FixAction.APPROVE_LOCAL


def ask_for_key(form: ProviderForm) -> None:
    """A key where there was none, in the way that most servers read it."""
    form.auth_types = form.auth_types if PLAIN in form.auth_types else [*form.auth_types, PLAIN]
    form.auth_type, form.seed = PLAIN, form.seed + 1
    form._ask()


def _send_in(form: ProviderForm, name: str) -> None:
    """Another way to sign in, its header filled in."""
    form.auth_types = form.auth_types if HEADER in form.auth_types else [*form.auth_types, HEADER]
    form.auth_type = HEADER
    form._ask()
    form.asks = [replace(ask, value=name) if ask.word == "header_name" else ask for ask in form.asks]
    form._texts = {**form._texts, "header_name": name}
    form.seed, form.carry_seq, form.replacing = form.seed + 1, form.carry_seq + 1, True
