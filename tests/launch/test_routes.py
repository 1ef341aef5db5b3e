"""A stranger tries every address of the running server with every method; the list is made from the application itself."""

import re
from collections.abc import Iterable

import httpx
from starlette.routing import Mount, Route

from app import main, presets
from app.api import application, forms
from app.ui import page
from tests.fixtures.running import Patchbay

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
# What a stranger may have: the pages as built (no data in them), the two signs of life, the words of a refusal.
OPEN_PAGES = {entry.route for entry in page.pages() if entry.route.startswith("/")}  # the page for "nothing here" has no address
OPEN_SIGNS = {"/health/live", "/health/ready"}
REFUSALS = {400, 401, 403, 404, 405, 415, 421}


def paths_of(routes: Iterable[object]) -> set[str]:
    """Every path, with something in place of its parameters."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, Mount):
            found |= {route.path + path for path in paths_of(route.routes or ())} or {f"{route.path}/x"}
        elif isinstance(route, Route) or hasattr(route, "path"):
            found.add(re.sub(r"\{[^}]+\}", "x", route.path))  # type: ignore[attr-defined] # checked in the line above
    return found


def known_paths() -> set[str]:
    rest = {application.PREFIX + path for router in application.ROUTERS for path in paths_of(router.routes)}
    reflex = paths_of(main.app._api.routes) if main.app._api else set()
    v1 = {"/v1/models", "/v1/models/x", "/v1/chat/completions", "/v1/embeddings", "/v1/x"}
    guessed = {"/api", "/api/x", "/metrics", "/docs", "/openapi.json"}
    return rest | reflex | paths_of(forms.routes()) | v1 | OPEN_PAGES | OPEN_SIGNS | guessed


def test_a_stranger_gets_nothing_from_any_address(server: Patchbay) -> None:
    paths = known_paths()
    assert len(paths) > 40
    given: list[str] = []
    unnamed: list[str] = []
    with httpx.Client(base_url=server.url) as stranger:
        for path in sorted(paths):
            for method in METHODS:
                answer = stranger.request(method, path, headers={"origin": server.url})
                if answer.status_code not in REFUSALS:
                    given.append(f"{method} {path} {answer.status_code}")
                if answer.status_code == 405 and not answer.headers.get("allow"):
                    unnamed.append(f"{method} {path}")

    looked = {f"{method} {path} 200" for path in OPEN_PAGES | OPEN_SIGNS for method in ("GET", "HEAD")}
    # A form is answered by the way back to its page, whatever it held; signing out nobody is no change.
    sent_back = {f"POST {path} 303" for path in ("/auth/login", "/auth/logout", "/auth/setup", "/auth/recovery-kit")}
    assert set(given) == looked | sent_back
    assert unnamed == []  # RFC 9110, 15.5.6: who may not do this is told what may be done here


def test_the_pages_as_built_hold_no_data(server: Patchbay) -> None:
    for path in OPEN_PAGES:
        text = httpx.get(server.url + path).text
        assert "ada@example.org" not in text
        assert "pb-" not in re.sub(r'class="[^"]*"|pb-[a-z-]+', "", text)


def test_every_logo_a_known_provider_names_was_built(server: Patchbay) -> None:
    for name in sorted({preset.logo for preset in presets.all_() if preset.logo}):
        answer = httpx.get(f"{server.url}/logos/{name}.svg")
        assert (answer.status_code, answer.text.lstrip()[:4]) == (200, "<svg"), name


def test_a_stranger_s_forms_lead_back_to_their_pages(server: Patchbay) -> None:
    with httpx.Client(base_url=server.url, headers={"origin": server.url}) as stranger:
        assert stranger.post("/auth/login", data={}).headers["location"].startswith("/login?error=wrong")
        assert stranger.post("/auth/setup", data={}).headers["location"] == "/login?error=done"
        assert stranger.post("/auth/logout", data={}).headers["location"] == "/login?error=out"
        assert stranger.post("/auth/recovery-kit", data={}).headers["location"].startswith("/login?error=ended")
