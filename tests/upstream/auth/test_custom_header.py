"""A header of its own: which names may carry a key, how it goes out, and that nothing of it comes back."""

import base64
from types import MappingProxyType

import pytest
from yarl import URL

from app.domain.credentials.credential import KeyState
from app.domain.errors import NoCredential
from app.domain.ids import uuid7
from app.domain.secret import Binding, Secret
from app.domain.snapshot import Endpoint, Key
from app.probe import runner
from app.upstream import auth
from app.upstream.outgoing import Outgoing
from app.upstream.wire import openai
from app.vault import envelope, ring
from tests.fixtures import make
from tests.fixtures.upstream import Heard, Line, Upstream, answer

PASSWORD = "planted-pass-77c1"
VALUE = "Basic " + base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
TYPE = auth.types()["custom_header"]
NAME = TYPE.fields[0]


def endpoint(upstream: Upstream, *, header: str = "X-Api-Key", value: str = VALUE) -> Endpoint:
    """An endpoint that signs in by a header of its own."""
    key_id = uuid7()
    sealed = envelope.seal(ring.current(), Secret(value), Binding("credential_secret", key_id, "header_value", upstream.origin))
    key = Key(key_id, "main", KeyState.ACTIVE, 1, 1, upstream.origin, MappingProxyType({"header_value": sealed}))
    return make.endpoint(upstream.base_url, auth_type="custom_header", auth={"header_name": header}, keys=(key,))


@pytest.mark.parametrize("name", ["X-Api-Key", "Authorization", "api_key", "x", "Ocp-Apim-Subscription-Key", "api.key.1"])
def test_a_name_a_provider_may_ask_for_is_taken(name: str) -> None:
    assert NAME.wrong is not None
    assert NAME.wrong(name) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *[(name, "header_name") for name in ("X Key", "X-Key:", "X\r\nHost", "schlüssel", "-x", "x-", "a" * 101, 'x"y', "x$(id)", "x`id`")],
        *[
            (name, "header_taken")
            for name in ("Host", "content-length", "Cookie", "Connection", "Transfer-Encoding", "Accept", "User-Agent", "Content-Type")
        ],
        *[(name, "header_taken") for name in ("Proxy-Authorization", "Sec-Fetch-Site", "X-Forwarded-For", "X-Patchbay-Key", "TE")],
    ],
)
def test_a_name_that_means_something_else_is_refused(name: str, code: str) -> None:
    assert NAME.wrong is not None
    reason = NAME.wrong(name)
    assert reason is not None
    assert reason.code == code


def test_it_asks_for_a_readable_name_and_a_secret_value() -> None:
    assert (TYPE.info.text_fields, TYPE.info.secret_fields) == (("header_name",), ("header_value",))
    assert set(TYPE.info.required_fields) == {"header_name", "header_value"}


def test_a_stored_name_that_no_form_let_through_is_not_sent() -> None:
    with pytest.raises(NoCredential):
        TYPE.apply(Outgoing("GET", URL("https://api.example.com"), {}), {"header_name": "Host"}, {"header_value": Secret("x")})


@pytest.mark.usefixtures("vault", "outgoing")
async def test_the_value_goes_out_in_that_header_and_in_no_other(upstream: Upstream) -> None:
    await anext(aiter(runner.run(endpoint(upstream), model="alpha-small")))
    [_ async for _ in runner.run(endpoint(upstream), model="alpha-small")]

    with_key = [heard for heard in upstream.heard if "x-api-key" in heard.headers]
    assert with_key
    assert [heard.path for heard in upstream.heard if heard not in with_key] in ([], ["/v1/models"])  # is the list public?
    for heard in upstream.heard:
        assert heard.headers.get("x-api-key", VALUE) == VALUE
        assert "authorization" not in heard.headers


@pytest.mark.usefixtures("vault", "outgoing")
@pytest.mark.parametrize("echoed", [VALUE, VALUE.removeprefix("Basic "), PASSWORD], ids=["whole", "behind the scheme", "decoded"])
async def test_no_part_of_the_value_comes_back(upstream: Upstream, echoed: str) -> None:
    async def echo(line: Line, heard: Heard) -> None:
        await answer(401, {"error": {"message": f"bad credentials: {echoed}"}})(line, heard)

    upstream.on("", echo)

    result = [step async for step in runner.run(endpoint(upstream), model="alpha-small")][-1]

    assert "bad credentials" in result.model_dump_json()
    assert echoed not in result.model_dump_json()


@pytest.mark.usefixtures("vault", "outgoing")
async def test_the_copyable_request_names_the_header_and_not_its_value(upstream: Upstream) -> None:
    text = openai.repeatable(endpoint(upstream), openai.Ask("/models"))

    assert '-H "x-api-key: $HEADER_VALUE"' in text
    assert VALUE not in text


@pytest.mark.usefixtures("vault", "outgoing")
async def test_a_value_entered_for_another_host_is_not_sent(upstream: Upstream) -> None:
    known = endpoint(upstream)
    [key] = known.keys
    moved = make.endpoint(
        upstream.base_url.replace("127.0.0.1", "localhost"), auth_type="custom_header", auth={"header_name": "X-Api-Key"}, keys=(key,)
    )

    [_ async for _ in runner.run(moved, model="alpha-small")]

    assert not any("x-api-key" in heard.headers for heard in upstream.heard)
