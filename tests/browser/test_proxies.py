"""The console behind a real nginx with TLS on a port of its own: it comes alive, or the page says why not and what to change."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app.cli import reaching
from app.ui import i18n
from app.ui import page as pages
from tests.browser.conftest import PASSWORD
from tests.fixtures import chromium
from tests.fixtures.nginx import Nginx, lines, nginx
from tests.fixtures.running import Patchbay, free_port, patchbay

pytestmark = pytest.mark.browser

NAME = "console.test"
LIVE = i18n.say("en", "shell.live", revision="").split()[0]  # how many workers it is live on is told elsewhere
PROTO, UPGRADE = "X-Forwarded-Proto", ("$http_upgrade", "Connection")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that finds the name of the console on this machine."""
    with sync_playwright() as playwright:
        options = [*chromium.BRIEF, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        running = playwright.chromium.launch(executable_path=chromium.PATH, args=options)
        yield running
        running.close()


@pytest.fixture
def stranger(browser: Browser) -> Iterator[BrowserContext]:
    """A desk that trusts the certificate; what fails to load there is what the tests are about."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB", ignore_https_errors=True)
    yield context
    context.close()


@contextmanager
def public(folder: Path, host: str, path: str = "") -> Iterator[tuple[Patchbay, int]]:
    """Patchbay with an admin that knows its public address, and the port of it, where a proxy belongs."""
    port = free_port()
    with patchbay(folder, PATCHBAY_PUBLIC_URL=f"https://{host}:{port}{path}", PATCHBAY_TRUSTED_PROXIES="1") as console:
        console.admin(password=PASSWORD)
        yield console, port


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patchbay]:
    """Patchbay with an admin, behind one proxy, that knows nothing of its public address."""
    with patchbay(tmp_path_factory.mktemp("proxied"), PATCHBAY_TRUSTED_PROXIES="1") as started:
        started.admin(password=PASSWORD)
        yield started


def sign_in(context: BrowserContext, proxy: Nginx) -> Page:
    page = context.new_page()
    page.goto(f"{proxy.url}/login")
    page.locator("input[name=email]").fill("ada@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    return page


def expect_live(page: Page) -> None:
    expect(page.locator(".pb-rail .pb-live")).to_contain_text(LIVE)
    expect(page.locator(".pb-connection")).to_have_count(0)


def expect_reason(page: Page, code: str, **values: object) -> None:
    told = page.locator(".pb-connection")
    asked = i18n.holes(i18n.catalogues()["en"][f"connection.{code}"])
    expect(told).to_have_attribute("data-reason", code)
    expect(told).to_contain_text(i18n.say("en", f"connection.{code}", **{name: values[name] for name in asked}))


BLOCKS = {
    "with X-Forwarded-Proto": lines(1),
    "without X-Forwarded-Proto": lines(1, without=(PROTO,)),
    "the port dropped as well": lines(1, without=(PROTO,), instead=(("$http_host", "$host"),)),
    "Host not passed on": lines(1, without=(PROTO, "Host ")),
}


@pytest.mark.parametrize("host", ["localhost", NAME])
def test_behind_tls_on_another_port_the_page_comes_alive(tmp_path: Path, browser: Browser, host: str) -> None:
    with public(tmp_path, host) as (console, port):
        for what, block in BLOCKS.items():
            with nginx(tmp_path / what, block.replace("127.0.0.1:1;", f"127.0.0.1:{console.port};"), host=host, port=port) as proxy:
                context = browser.new_context(ignore_https_errors=True)
                expect_live(sign_in(context, proxy))
                context.close()
                if host == "localhost":  # the other name is known to the browser alone
                    assert reaching.look(proxy.url) == ("ok", f"{proxy.url} answers, and pages get their websocket."), what


def test_the_doctor_says_of_each_proxy_what_it_lacks(tmp_path: Path) -> None:
    with public(tmp_path, "localhost") as (console, port):
        blocks = {
            "drops the headers Upgrade and Connection": lines(console.port, without=UPGRADE),
            "does not reach Patchbay": "location /_event { return 403; }\n" + lines(console.port),
            "answers with HTTP 502": lines(free_port()),
        }
        for words_, block in blocks.items():
            with nginx(tmp_path / words_, block, port=port) as proxy:
                state, sentence = reaching.look(proxy.url)
                assert (state, words_ in sentence) == ("fail", True), sentence
                assert ("proxy_set_header Upgrade $http_upgrade;" in sentence) == ("502" not in words_)
        state, sentence = reaching.look(f"https://localhost:{port}")
        assert (state, "does not answer from this machine: connection refused" in sentence) == ("warn", True), sentence


def test_under_localhost_no_public_address_is_needed_where_the_proxy_tells_the_scheme(
    tmp_path: Path, stranger: BrowserContext, console: Patchbay
) -> None:
    with nginx(tmp_path, lines(console.port)) as proxy:
        expect_live(sign_in(stranger, proxy))


PATH = "/tools/llm"
DEVICE = "__Secure-pb-device"


@pytest.mark.parametrize("end", [pytest.param("", id="passed on"), pytest.param("/", id="taken off")])
def test_below_a_path_everything_works_and_nothing_is_asked_above_it(tmp_path: Path, stranger: BrowserContext, end: str) -> None:
    with public(tmp_path, NAME, PATH) as (console, port):
        block = lines(console.port, path=PATH, instead=((f":{console.port};", f":{console.port}{end};"),))
        with nginx(tmp_path / "nginx", block, host=NAME, port=port, path=PATH) as proxy:
            page = sign_in(stranger, proxy)
            expect_live(page)
            walk(page, proxy)
            look_at_keys(page, proxy, console)
            leave(page, proxy)
            rest(proxy, console)
            past_the_proxy(stranger, console)
            above = [path for path in proxy.asked() if not path.startswith(PATH)]
    assert above == []


def walk(page: Page, proxy: Nginx) -> None:
    """Every entry of the rail by its link, then by its address, then back."""
    for entry in [entry for entry in pages.pages() if entry.nav]:
        page.locator(f".pb-rail .pb-nav a[href='{PATH}{entry.route.rstrip('/')}'], .pb-rail .pb-nav a[href='{PATH}{entry.route}']").click()
        page.wait_for_url(lambda url, route=entry.route: url.split("?")[0].rstrip("/") == f"{proxy.url}{route}".rstrip("/"))
        page.reload()
        expect_live(page)
    page.go_back()
    expect_live(page)
    page.goto(f"{proxy.url}/providers/none")
    expect_live(page)
    page.goto(proxy.url)
    expect_live(page)


def look_at_keys(page: Page, proxy: Nginx, console: Patchbay) -> None:
    """What a page writes behind the `?` of its address, it writes below the path, and Back takes it away."""
    console.run("provider", "add", "mine", "--preset", "groq", "--secret-stdin", stdin="sk-planted-9c41d27be0538af6")
    page.goto(f"{proxy.url}/providers/mine")
    expect_live(page)
    page.locator("[role=tab]").nth(1).click()
    page.wait_for_url(f"{proxy.url}/providers/mine?tab=**")
    page.go_back()
    page.wait_for_url(f"{proxy.url}/providers/mine")
    expect(page.locator("[role=tab]").first).to_have_attribute("aria-selected", "true")


def leave(page: Page, proxy: Nginx) -> None:
    """The session is a cookie of this path alone; signing out ends it and stays below the path."""
    kept = {cookie["name"]: cookie for cookie in page.context.cookies() if cookie["value"]}
    assert set(kept) == {"__Secure-pb", DEVICE}
    assert {(cookie["path"], cookie["secure"], cookie["httpOnly"]) for cookie in kept.values()} == {(PATH, True, True)}
    page.locator(".pb-person").click()
    page.get_by_role("button", name=i18n.say("en", "shell.sign_out")).click()
    page.wait_for_url(f"{proxy.url}/login**")
    assert [cookie["name"] for cookie in page.context.cookies() if cookie["value"]] == [DEVICE]  # who was here, not that they are


def rest(proxy: Nginx, console: Patchbay) -> None:
    key = console.run("client-key", "add", "tests", "--scope", "admin").stdout.strip()
    app = console.run("client-key", "add", "app").stdout.strip()
    context = ssl.create_default_context(cafile=proxy.folder / "ca.pem")
    base = f"https://localhost:{proxy.port}{PATH}"
    with httpx.Client(verify=context, headers={"host": f"{NAME}:{proxy.port}"}) as client:
        sni = {"sni_hostname": NAME}
        listed = client.get(f"{base}/api/v1/providers", headers={"authorization": f"Bearer {key}"}, extensions=sni)
        models = client.get(f"{base}/v1/models", headers={"authorization": f"Bearer {app}"}, extensions=sni)
        ready = client.get(f"{base}/health/ready", extensions=sni)
    assert [answer.status_code for answer in (listed, models, ready)] == [200, 200, 200]


def past_the_proxy(stranger: BrowserContext, console: Patchbay) -> None:
    """On our own port the console is at its path too, and whoever asks for the top is sent there."""
    page = stranger.new_page()
    page.goto(f"{console.url}/login")
    page.wait_for_url(f"{console.url}{PATH}/login")
    page.locator("input[name=email]").fill("ada@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    expect_live(page)


def test_a_proxy_without_the_headers_of_an_upgrade_is_named_on_the_page(
    tmp_path: Path, stranger: BrowserContext, console: Patchbay
) -> None:
    with nginx(tmp_path, lines(console.port, without=UPGRADE)) as proxy:
        page = sign_in(stranger, proxy)
        expect_reason(page, "not_upgraded")
        page.locator(".pb-connection summary").first.click()
        expect(page.locator(".pb-connection pre").first).to_contain_text("proxy_set_header Upgrade $http_upgrade;")


SCHEME = {"without": (PROTO,)}
PORT = {"instead": (("$http_host", "$host"),)}
HOST = {"without": ("Host ",)}


@pytest.mark.parametrize(
    ("block", "host", "code"),
    [
        pytest.param(SCHEME, "localhost", "origin_scheme", id="the scheme is not told"),
        pytest.param(PORT, "localhost", "origin_port", id="the port is dropped"),
        pytest.param(HOST, NAME, "origin_host", id="the host is replaced"),
    ],
)
def test_an_origin_that_is_refused_is_named_before_anybody_signs_in(
    tmp_path: Path, stranger: BrowserContext, console: Patchbay, block: dict[str, Any], host: str, code: str
) -> None:
    with nginx(tmp_path, lines(console.port, **block), host=host) as proxy:
        page = stranger.new_page()
        page.goto(f"{proxy.url}/login")
        expect_reason(page, code, host=f"{host}:{proxy.port}")
        page.locator(".pb-connection summary").first.click()
        expect(page.locator(".pb-connection pre").first).to_contain_text(f"PATCHBAY_PUBLIC_URL={proxy.url}")


def test_a_websocket_that_never_arrives_is_named(tmp_path: Path, stranger: BrowserContext, console: Patchbay) -> None:
    block = "location /_event { return 403; }\n" + lines(console.port)
    with nginx(tmp_path, block) as proxy:
        expect_reason(sign_in(stranger, proxy), "nothing")


def test_a_server_that_stopped_is_named_and_the_page_goes_on_when_it_is_back(
    tmp_path: Path, stranger: BrowserContext, console: Patchbay
) -> None:
    with nginx(tmp_path, lines(console.port)) as proxy:
        page = sign_in(stranger, proxy)
        expect_live(page)

        console.stop()
        expect_reason(page, "status", status=502)
        console.start()
        expect_live(page)

        proxy.stop()
        expect_reason(page, "away")
