"""A Google service account: what it signs can be verified with its public key, and its file goes nowhere."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.domain.credentials.credential import CredentialDraft, Reference
from app.domain.errors import InvalidDraft, NoCredential
from app.domain.providers.drafts import filled, key_fields
from app.domain.secret import Secret
from app.upstream import auth, credential, references
from app.upstream.wire import openai
from app.upstream.wire.call import Ask
from tests.fixtures import oauth
from tests.fixtures.upstream import Heard, Line, Upstream, answer

KIND = auth.types()["google_service_account"]
TOKEN = "ya29.token-of-google-5b1e"


@pytest.fixture(scope="module")
def pair() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def file(pair: rsa.RSAPrivateKey, **changes: Any) -> str:
    pem = pair.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    account = {
        "type": "service_account", "project_id": "demo", "private_key_id": "kid-1", "private_key": pem,
        "client_email": "patchbay@demo.iam.gserviceaccount.com", "token_uri": "https://evil.example/token", **changes,
    }  # fmt: skip
    return json.dumps({name: value for name, value in account.items() if value is not ...}, indent=2)


def given(text: str) -> dict[str, Secret]:
    return key_fields(CredentialDraft(secret={"service_account": Secret(text)}), KIND.info)[0]


def refused(text: str) -> str:
    with pytest.raises(InvalidDraft) as wrong:
        given(text)
    assert "BEGIN" not in str(wrong.value.reasons)
    return wrong.value.reasons["credential.secret.service_account"]


@pytest.mark.usefixtures("vault", "outgoing")
async def test_what_it_signs_buys_a_token_and_the_file_stays_here(upstream: Upstream, pair: rsa.RSAPrivateKey) -> None:
    url = f"{upstream.origin}/google/token"

    async def issue(line: Line, heard: Heard) -> None:
        form = parse_qs(heard.body.decode())
        claims = jwt.decode(form["assertion"][0], pair.public_key(), algorithms=["RS256"], audience=url)
        assert jwt.get_unverified_header(form["assertion"][0])["kid"] == "kid-1"
        assert (claims["iss"], claims["scope"]) == (
            "patchbay@demo.iam.gserviceaccount.com",
            "https://www.googleapis.com/auth/cloud-platform",
        )
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        assert 0 < claims["exp"] - claims["iat"] <= 3600
        await answer(body={"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})(line, heard)

    upstream.on("/google/token", issue)
    text = given(file(pair))["service_account"].reveal()
    known = oauth.endpoint("google_service_account", upstream.base_url, {"google_token_url": url}, {"service_account": text})

    async with openai.send(known, known.keys[0], Ask("/models")) as reply:
        await reply.read()

    assert [heard.headers.get("authorization") for heard in upstream.heard] == [None, f"Bearer {TOKEN}"]
    assert not any(b"PRIVATE" in heard.raw_head + heard.body for heard in upstream.heard)


def test_the_token_server_of_a_pasted_file_counts_for_nothing(pair: rsa.RSAPrivateKey) -> None:
    assert KIND.grant is not None
    request = KIND.grant({}, {"service_account": Secret(file(pair))})

    assert request.url == "https://oauth2.googleapis.com/token"
    assert KIND.info.destination("https://x.example:443", {}) == "https://x.example:443|https://oauth2.googleapis.com:443"


@pytest.mark.parametrize("missing", ["client_email", "private_key", "private_key_id"])
def test_a_file_that_is_not_whole_is_refused_with_what_it_lacks(pair: rsa.RSAPrivateKey, missing: str) -> None:
    assert f"does not contain {missing}" in refused(file(pair, **{missing: ...}))


def test_what_is_no_such_file_is_refused(pair: rsa.RSAPrivateKey) -> None:
    assert "not a service account key file" in refused("AIzaSy-not-a-file")
    assert "not a service account key file" in refused(file(pair)[:-20])
    assert "another type" in refused(json.dumps({"type": "authorized_user", "client_id": "x"}))
    assert "damaged" in refused(file(pair, private_key="-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"))


def test_line_breaks_are_let_through_here_and_nothing_else(pair: rsa.RSAPrivateKey) -> None:
    assert "\n" in given(file(pair))["service_account"].reveal()
    assert "invisible" in refused(file(pair) + "\u200b")


def test_project_and_location_fill_the_address() -> None:
    address = "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/endpoints/openapi"

    assert filled(address, {"project": "demo-1", "location": "us-central1"}) == (
        "https://us-central1-aiplatform.googleapis.com/v1/projects/demo-1/locations/us-central1/endpoints/openapi"
    )
    assert filled(address, {"project": "x/../y", "location": "evil.example/"}) == address


@pytest.mark.usefixtures("vault", "outgoing")
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("not json", id="a text"),
        pytest.param("{}", id="empty"),
        pytest.param('{"client_email": 1}', id="half a file"),
        pytest.param('{"client_email": "a", "private_key": "PLANTED", "private_key_id": "k"}', id="a damaged key"),
        pytest.param('{"client_email": "a", "private_key": 5, "private_key_id": "k"}', id="no text"),
    ],
)
async def test_a_file_that_lives_elsewhere_and_is_none_is_an_error_of_ours(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(references, "_kept", {})
    monkeypatch.setenv("PATCHBAY_SECRET_ACCOUNT", text)
    place = Reference(env="PATCHBAY_SECRET_ACCOUNT")
    fields = {"google_token_url": f"{upstream.origin}/google/token"}
    known = oauth.endpoint("google_service_account", upstream.base_url, fields, {"service_account": place.marked().reveal()})
    key = replace(known.keys[0], references={"service_account": place.text})

    with pytest.raises(NoCredential) as refused:
        await credential.ready(known, key)

    assert refused.value.details == {"kind": "reference", "place": place.text}
    assert upstream.heard == []
