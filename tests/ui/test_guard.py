"""Every event handler there is, and who may fire it. Strangers try them against a running server in tests/launch/test_strangers.py."""

import pytest
import reflex as rx
from reflex_components_core.core.upload import Upload

from app import main
from app.domain.actor import Role
from app.ui import permission
from app.ui.session import guard

STATE = "reflex___state____state."
HANDLERS = {name: found.handler.fn for name, found in main.app._registration_context.event_handlers.items()}
# What strangers may fire. A new name here needs a reason in the review.
OPEN = {
    "app___ui___session___session____session_state.greet",  # the sign-in page asks whether it is needed at all
    "app___ui___i18n____language.choose",  # the sign-in page has the picker too
}


def test_only_the_listed_handlers_are_open_to_strangers() -> None:
    found = {n.removeprefix(STATE) for n, fn in HANDLERS.items() if permission.role_of(fn) is None and not n.endswith(".setvar")}

    assert found == OPEN


def test_what_is_let_through_for_the_framework_exists_and_is_the_framework_s() -> None:
    assert set(HANDLERS) >= guard.FRAMEWORK
    assert all(HANDLERS[name].__module__.startswith("reflex.") for name in guard.FRAMEWORK)


def test_nothing_that_changes_a_setting_of_the_house_is_open_to_viewers() -> None:
    verbs = {"save", "delete", "create", "issue", "revoke", "switch", "make_default", "submit", "test", "finish", "enable", "disable"}
    loose = [n for n, fn in HANDLERS.items() if n.rsplit(".", 1)[-1] in verbs and permission.role_of(fn) is not Role.ADMIN]

    assert loose == []


def test_a_handler_without_a_mark_is_for_signed_in_people_only() -> None:
    async def handler() -> None: ...

    assert permission.role_of(handler) is Role.VIEWER


@pytest.mark.parametrize(
    ("role", "needed", "allowed"),
    [
        pytest.param(Role.ADMIN, Role.ADMIN, True, id="admin, admin"),
        pytest.param(Role.ADMIN, Role.VIEWER, True, id="admin, viewer"),
        pytest.param(Role.VIEWER, Role.VIEWER, True, id="viewer, viewer"),
        pytest.param(Role.VIEWER, Role.ADMIN, False, id="viewer, admin"),
    ],
)
def test_who_may_do_what(role: Role, needed: Role, allowed: bool) -> None:
    assert permission.allows(role, needed) is allowed


def test_the_guard_comes_before_what_answers_hydration() -> None:
    assert isinstance(main.app._middlewares[0], guard.SessionGuard)


def test_no_page_opens_the_upload_endpoint() -> None:
    assert not Upload.is_used


def test_state_is_kept_in_memory_and_never_on_disk() -> None:
    assert rx.config.get_config().state_manager_mode == "memory"
    assert type(main.app.state_manager).__name__ == "StateManagerMemory"


def test_no_origin_but_our_own_is_let_in_by_reflex_itself() -> None:
    assert rx.config.get_config().cors_allowed_origins == []
    assert main.app.sio is not None
    allowed = main.app.sio.eio.cors_allowed_origins  # of engine.io: a function is asked for every origin
    assert callable(allowed)
    assert not allowed("https://console.example.com", {"asgi.scope": {}})
    assert not allowed("https://console.example.com", {"asgi.scope": {"state": {"passed_wall": False}}})
    assert allowed("https://console.example.com", {"asgi.scope": {"state": {"passed_wall": True}}})
