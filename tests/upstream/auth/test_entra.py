"""Azure OpenAI with a token of Microsoft Entra ID, over both of its interfaces."""

from urllib.parse import parse_qs

import pytest

from app.domain.providers.provider import ProviderType, Wire
from app.domain.secret import Secret
from app.upstream import auth
from app.upstream.wire import litellm, openai
from tests.fixtures import oauth, translated, vendors
from tests.fixtures.upstream import Upstream, answer

KIND = auth.types()["entra"]
FIELDS = {"tenant": "contoso.onmicrosoft.com", "client_id": "app-1"}
SECRETS = {"client_secret": "entra-secret-40ce91"}
TOKEN = "eyJ-token-of-entra"


@pytest.mark.parametrize(
    ("authority", "url", "scope"),
    [
        ("", "https://login.microsoftonline.com", "https://cognitiveservices.azure.com/.default"),
        ("https://login.microsoftonline.us/", "https://login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
        ("https://login.partner.microsoftonline.cn", "https://login.partner.microsoftonline.cn", "https://cognitiveservices.azure.cn/.default"),
    ],
)  # fmt: skip
def test_each_cloud_is_asked_for_its_own_token(authority: str, url: str, scope: str) -> None:
    assert KIND.grant is not None
    fields = FIELDS | ({"authority": authority} if authority else {})

    request = KIND.grant(fields, {"client_secret": Secret("x")})

    assert (request.url, request.form["scope"]) == (f"{url}/contoso.onmicrosoft.com/oauth2/v2.0/token", scope)
    assert KIND.info.destination("https://mine.openai.azure.com:443", fields) == f"https://mine.openai.azure.com:443|{url}:443"


@pytest.mark.usefixtures("vault", "outgoing", "translated")
@pytest.mark.parametrize("type_", [ProviderType.OPENAI, ProviderType.AZURE], ids=["v1", "deployments"])
async def test_the_token_goes_out_as_a_bearer(upstream: Upstream, type_: ProviderType) -> None:
    upstream.on("/oauth2/v2.0/token", answer(body={"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}))
    if type_ is ProviderType.AZURE:
        upstream.on("?api-version=2024-06-01", vendors.say(type_))
    wire = Wire.LITELLM if type_ is ProviderType.AZURE else Wire.OPENAI
    base = upstream.origin if type_ is ProviderType.AZURE else upstream.base_url
    known = oauth.endpoint(
        "entra", base, FIELDS | {"authority": upstream.origin, "api_version": "2024-06-01"}, SECRETS, type=type_, wire=wire
    )

    send = litellm.send if type_ is ProviderType.AZURE else openai.send
    async with send(known, known.keys[0], translated.ask()) as reply:
        assert b"choices" in await reply.read()

    asked, called = upstream.heard
    assert asked.path == "/contoso.onmicrosoft.com/oauth2/v2.0/token"
    assert parse_qs(asked.body.decode())["client_secret"] == [SECRETS["client_secret"]]
    assert called.headers["authorization"] == f"Bearer {TOKEN}"
    assert "api-key" not in called.headers
    assert called.path.endswith("?api-version=2024-06-01") is (type_ is ProviderType.AZURE)


@pytest.mark.parametrize(("tenant", "is_one"), [("contoso.com", True), ("0f1e-22", True), ("a/../b", False), ("x?y", False), ("", False)])
def test_a_tenant_is_an_id_or_a_domain(tenant: str, is_one: bool) -> None:
    rule = KIND.fields[0].wrong

    assert rule is not None
    assert (rule(tenant) is None) is is_one
