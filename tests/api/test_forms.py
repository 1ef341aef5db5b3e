"""Sign-in, sign-out and set-up as a browser sends them."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, unquote_plus, urlsplit

import httpx
import pytest

from app import web
from app.api import forms
from app.services import sessions, setup
from tests.fixtures.rest import BASE

PASSWORD = "correct horse battery staple"
PERSON = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}


@pytest.fixture
async def browser(house: None) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(web.make_web())
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"origin": BASE}, follow_redirects=False) as client:
        yield client


@pytest.fixture
async def ada(browser: httpx.AsyncClient) -> str:
    """The first admin; the token of her session."""
    answer = await browser.post("/auth/setup", data={"token": await setup.issue_link(), **PERSON})
    assert answer.headers["location"] == "/start"
    return cookie_of(answer)


def cookie_of(answer: httpx.Response) -> str:
    assert (answer.status_code, answer.headers["location"]) in ((303, "/"), (303, "/start")), answer.headers
    return answer.headers["set-cookie"].split(";")[0].removeprefix("__Host-pb=")


def asked(answer: httpx.Response) -> dict[str, str]:
    """Query of the address the answer leads to."""
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def test_the_link_makes_the_first_admin_and_signs_them_in(browser: httpx.AsyncClient, ada: str) -> None:
    session = await sessions.find(ada)

    assert session is not None
    assert (session.user.email, session.user.role) == ("ada@example.com", "admin")
    assert not await setup.is_open()


async def test_a_used_link_leads_to_the_sign_in(browser: httpx.AsyncClient, ada: str) -> None:
    answer = await browser.post("/auth/setup", data={"token": "x" * 43, **PERSON})

    assert answer.headers["location"] == "/login?error=done"


async def test_a_wrong_link_creates_nobody(browser: httpx.AsyncClient) -> None:
    await setup.issue_link()

    answer = await browser.post("/auth/setup", data={"token": "x" * 43, **PERSON})

    assert answer.headers["location"] == "/setup?error=link_used"
    assert await setup.is_open()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        pytest.param({"password": "too short"}, "password_invalid", id="short password"),
        pytest.param({"password": "passwordpassword"}, "password_invalid", id="common password"),
        pytest.param({"email": "not an address"}, "email_invalid", id="no address"),
        pytest.param({"name": " "}, "name_invalid", id="no name"),
    ],
)
async def test_bad_input_comes_back_with_its_reason_and_without_the_password(
    browser: httpx.AsyncClient, wrong: dict[str, str], code: str
) -> None:
    token = await setup.issue_link()
    sent = {"token": token, **PERSON, **wrong}

    answer = await browser.post("/auth/setup", data=sent)

    assert asked(answer)["error"] == code
    assert answer.headers["location"].endswith(f"#{token}"), "the link stays good for another try"
    assert sent["password"] not in str(answer.headers.raw)
    assert await setup.is_open()


async def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(browser: httpx.AsyncClient, ada: str) -> None:
    answer = await browser.post("/auth/login", data={"email": "ada@example.com", "password": PASSWORD})

    token = cookie_of(answer)
    assert token != ada
    assert await sessions.find(token)
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))


async def test_on_plain_http_in_a_network_signing_in_works_too(browser: httpx.AsyncClient, ada: str) -> None:
    lan = {"host": "192.168.7.7:8700", "origin": "http://192.168.7.7:8700"}

    answer = await browser.post("/auth/login", data={"email": "ada@example.com", "password": PASSWORD}, headers=lan)

    assert answer.headers["set-cookie"].startswith("pb=")
    assert "Secure" not in answer.headers["set-cookie"]


async def test_a_wrong_password_and_an_unknown_person_read_the_same(browser: httpx.AsyncClient, ada: str) -> None:
    wrong = await browser.post("/auth/login", data={"email": "ada@example.com", "password": "wrong password here"})
    unknown = await browser.post("/auth/login", data={"email": "eve@example.com", "password": "wrong password here"})

    assert asked(wrong) == {"error": "wrong", "email": "ada@example.com"}
    assert asked(unknown) == {"error": "wrong", "email": "eve@example.com"}
    assert "wrong+password" not in wrong.headers["location"]


async def test_a_password_in_the_field_of_the_email_does_not_get_into_the_address_bar(browser: httpx.AsyncClient, ada: str) -> None:
    token = await setup.issue_link() if await setup.is_open() else ""
    signing_in = await browser.post("/auth/login", data={"email": PASSWORD, "password": "x"})
    setting_up = await browser.post("/auth/setup", data={"token": token, **PERSON, "email": PASSWORD})

    assert asked(signing_in) == {"error": "wrong"}
    for answer in (signing_in, setting_up):
        assert PASSWORD not in unquote_plus(str(answer.headers.raw))


async def test_after_too_many_tries_the_page_says_how_long_to_wait(browser: httpx.AsyncClient, ada: str) -> None:
    for _ in range(30):
        answer = await browser.post("/auth/login", data={"email": "ada@example.com", "password": "wrong password here"})
        if asked(answer)["error"] == "locked":
            break

    assert asked(answer)["error"] == "locked"
    assert int(asked(answer)["wait"]) > 0


@pytest.mark.parametrize(
    ("sent", "led_to"),
    [
        pytest.param("/client-keys?x=1", "/client-keys?x=1", id="a page of ours"),
        pytest.param("", "/", id="nowhere"),
        pytest.param("//evil.example/", "/", id="another host"),
        pytest.param("/\\evil.example", "/", id="another host, spelled with a backslash"),
        pytest.param("https://evil.example", "/", id="another site"),
        pytest.param("/a\r\nset-cookie: x=y", "/", id="a line break"),
        pytest.param("javascript:alert(1)", "/", id="a script"),
    ],
)
async def test_after_signing_in_one_stays_on_this_site(browser: httpx.AsyncClient, ada: str, sent: str, led_to: str) -> None:
    answer = await browser.post("/auth/login", data={"email": "ada@example.com", "password": PASSWORD, "next": sent})

    assert (answer.status_code, answer.headers["location"]) == (303, led_to)
    assert forms.path_here(sent) == led_to


async def test_signing_out_ends_the_session_and_removes_the_cookie(browser: httpx.AsyncClient, ada: str) -> None:
    answer = await browser.post("/auth/logout", headers={"cookie": f"__Host-pb={ada}"})

    assert answer.headers["location"] == "/login?error=out"
    assert "__Host-pb=; Path=/; Max-Age=0" in answer.headers["set-cookie"]
    assert await sessions.find(ada) is None


@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout", "/auth/setup"])
async def test_a_form_of_another_site_is_refused(browser: httpx.AsyncClient, ada: str, path: str) -> None:
    foreign = {"origin": "https://evil.example", "cookie": f"__Host-pb={ada}"}

    answer = await browser.post(path, data=PERSON, headers=foreign)

    assert answer.status_code == 403
    assert await sessions.find(ada)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"json": PERSON}, id="json"),
        pytest.param({"content": b"email=" + b"x" * 40_000, "headers": {"content-type": "application/x-www-form-urlencoded"}}, id="huge"),
        pytest.param({"content": b"&".join([b"a=b"] * 500), "headers": {"content-type": "application/x-www-form-urlencoded"}}, id="many"),
        pytest.param({"content": b"\xff\xfe=\x00", "headers": {"content-type": "application/x-www-form-urlencoded"}}, id="no text"),
        pytest.param({}, id="nothing"),
    ],
)
async def test_what_is_no_form_signs_nobody_in(browser: httpx.AsyncClient, ada: str, sent: dict[str, object]) -> None:
    answer = await browser.post("/auth/login", **sent)  # type: ignore[arg-type] # whatever a stranger sends

    assert asked(answer)["error"] == "wrong"


@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout", "/auth/setup"])
async def test_looking_at_a_form_s_address_does_nothing(browser: httpx.AsyncClient, ada: str, path: str) -> None:
    answer = await browser.get(path, headers={"cookie": f"__Host-pb={ada}"})

    assert answer.status_code == 405
    assert await sessions.find(ada)


def device_of(answer: httpx.Response) -> str:
    """The cookie that stays when the session ends, as the browser was told to keep it."""
    (found,) = [line for line in answer.headers.get_list("set-cookie") if "-device=" in line]
    return found


async def test_a_browser_that_signed_in_is_known_for_a_year_and_scripts_and_other_sites_cannot_use_that(
    browser: httpx.AsyncClient, ada: str
) -> None:
    answer = await browser.post("/auth/login", data=PERSON)

    assert device_of(answer).startswith("__Host-pb-device=")
    assert device_of(answer).endswith("; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict; Secure")


async def test_a_known_browser_gets_in_while_strangers_guess_and_after_it_signed_out(browser: httpx.AsyncClient, ada: str) -> None:
    device = device_of(await browser.post("/auth/login", data=PERSON)).split(";")[0]
    left = await browser.post("/auth/logout", headers={"cookie": f"__Host-pb={ada}; {device}"})
    browser.cookies.clear()
    for _ in range(5):
        await browser.post("/auth/login", data={**PERSON, "password": "wrong"})
    assert asked(await browser.post("/auth/login", data=PERSON))["error"] == "locked"

    answer = await browser.post("/auth/login", data=PERSON, headers={"cookie": device})

    assert "-device=" not in "".join(left.headers.get_list("set-cookie"))
    assert answer.headers["location"] == "/"


async def test_the_plain_cookie_of_a_device_counts_only_where_there_is_no_better_one(browser: httpx.AsyncClient, ada: str) -> None:
    device = device_of(await browser.post("/auth/login", data=PERSON)).split(";")[0].replace("__Host-pb-device", "pb-device")
    browser.cookies.clear()
    for _ in range(5):
        await browser.post("/auth/login", data={**PERSON, "password": "wrong"})

    assert asked(await browser.post("/auth/login", data=PERSON, headers={"cookie": device}))["error"] == "locked"
