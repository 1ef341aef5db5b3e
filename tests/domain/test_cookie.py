"""The session cookie as it is written and found."""

import pytest

from app.domain.people import cookie

TOKEN = "t" * 43


def test_a_safe_cookie_is_bound_to_this_host_and_hidden_from_scripts() -> None:
    written = cookie.write(TOKEN, safe=True, max_age_seconds=60)

    assert written == f"__Host-pb={TOKEN}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"


def test_on_plain_http_in_a_network_the_cookie_has_another_name_and_is_still_hidden_from_scripts() -> None:
    written = cookie.write(TOKEN, safe=False, max_age_seconds=60)

    assert written == f"pb={TOKEN}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        pytest.param(f"__Host-pb={TOKEN}", TOKEN, id="safe"),
        pytest.param(f"a=b; pb={TOKEN}; c=d", TOKEN, id="plain among others"),
        pytest.param(f"pb={'x' * 43}; __Host-pb={TOKEN}", TOKEN, id="the safe one wins"),
        pytest.param(f"__Host-pb={TOKEN}; __Host-pb={'x' * 43}", TOKEN, id="the first of two"),
        pytest.param("", "", id="none"),
        pytest.param("pb=short", "", id="too short to be ours"),
        pytest.param(f"pb={'x' * 300}", "", id="too long to be ours"),
        pytest.param(f"pb={'x' * 30} x", "", id="not the characters of a token"),
    ],
)
def test_the_token_is_found(header: str, found: str) -> None:
    assert cookie.read(header) == found


def test_below_a_path_the_cookie_stays_there() -> None:
    safe = cookie.write(TOKEN, safe=True, max_age_seconds=60, base_path="/llm")
    plain = cookie.write(TOKEN, safe=False, max_age_seconds=60, base_path="/llm")

    assert safe == f"__Secure-pb={TOKEN}; Path=/llm; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
    assert plain == f"pb={TOKEN}; Path=/llm; Max-Age=60; HttpOnly; SameSite=Strict"
    assert cookie.read(safe.split(";")[0]) == cookie.read(plain.split(";")[0]) == TOKEN


def test_cookies_can_be_dropped_from_a_header_by_name() -> None:
    assert cookie.without(f"a=b; pb={TOKEN}; __Host-pb=z; pbx=1", {"pb"}) == "a=b; __Host-pb=z; pbx=1"
    assert cookie.without(f"a=b; pb={TOKEN}; __Host-pb=z; pbx=1", {"pb", "__Host-pb"}) == "a=b; pbx=1"


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        pytest.param("127.0.0.1", True, id="v4"),
        pytest.param("127.9.9.9", True, id="anywhere in 127/8"),
        pytest.param("[::1]", True, id="v6"),
        pytest.param("localhost", True, id="name"),
        pytest.param("console.localhost", True, id="below localhost"),
        pytest.param("localhost.example.com", False, id="localhost in front"),
        pytest.param("192.168.1.4", False, id="private"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_what_is_this_machine_itself(host: str, is_loopback: bool) -> None:
    assert cookie.is_loopback(host) is is_loopback
