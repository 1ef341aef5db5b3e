"""Requests to AWS: signed as a whole, checked by a server that computes Signature Version 4 anew from AWS' published algorithm."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from yarl import URL

from app.domain.errors import Refused
from app.domain.providers.provider import ProviderType, Wire
from app.domain.secret import Secret
from app.domain.snapshot import Endpoint
from app.probe import runner
from app.upstream import auth
from app.upstream.auth import aws_iam
from app.upstream.outgoing import Outgoing
from app.upstream.wire import litellm, openai
from app.upstream.wire.call import Ask
from tests.fixtures import oauth, translated, vendors
from tests.fixtures.upstream import Heard, Line, Upstream, answer, usual

ACCESS, SECRET, SESSION = "AKIDEXAMPLE000000000", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session/token+planted=93b1"
REGION = "eu-west-1"


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(method: str, path: str, query: str, headers: dict[str, str], signed: list[str], body: bytes, scope: str, secret: str) -> str:
    """SigV4 as AWS describes it: canonical request, text to sign, derived key."""
    canonical = "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            query,
            *(f"{name}:{' '.join(headers[name].split())}" for name in signed),
            "",
            ";".join(signed),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    to_sign = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    date, region, service, end = scope.split("/")
    key = _mac(_mac(_mac(_mac(b"AWS4" + secret.encode(), date), region), service), end)
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def is_signed(heard: Heard, secret: str = SECRET) -> bool:
    """Whether a request carries the signature that its own parts and the secret make."""
    kind, _, rest = heard.headers.get("authorization", "").partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if kind != "AWS4-HMAC-SHA256":
        return False
    access, _, scope = parts["Credential"].partition("/")
    names, url = parts["SignedHeaders"].split(";"), urlsplit(heard.path)
    assert (access, names, scope.split("/")[1:]) == (ACCESS, sorted(names), [REGION, "bedrock", "aws4_request"])
    assert {"host", "x-amz-date"} <= set(names)
    wanted = signature(heard.method, url.path, url.query, heard.headers, names, heard.body, scope, secret)
    return hmac.compare_digest(wanted, parts["Signature"])


def endpoint(upstream: Upstream, *, type_: ProviderType = ProviderType.OPENAI, session: str = "", secret: str = SECRET) -> Endpoint:
    secrets = {"secret_access_key": secret, **({"session_token": session} if session else {})}
    base = upstream.base_url if type_ is ProviderType.OPENAI else upstream.origin
    wire = Wire.OPENAI if type_ is ProviderType.OPENAI else Wire.LITELLM
    return oauth.endpoint("aws_iam", base, {"region": REGION, "access_key_id": ACCESS}, secrets, type=type_, wire=wire)


def checked(then: Any) -> Any:
    """Do `then` for a request that is signed rightly; refuse another as AWS does."""

    async def script(line: Line, heard: Heard) -> None:
        wrong = answer(403, {"message": "The request signature we calculated does not match the signature you provided."})
        await (then if is_signed(heard) else wrong)(line, heard)

    return script


def test_the_published_example_is_signed_as_published() -> None:
    # "get-vanilla" of AWS' Signature Version 4 test suite.
    headers = {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    scope, secret = "20150830/us-east-1/service/aws4_request", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    found = signature("GET", "/", "", headers, ["host", "x-amz-date"], b"", scope, secret)

    assert found == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


def test_the_signer_agrees_with_the_published_example(monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    request = Outgoing("GET", URL("https://example.amazonaws.com/"), {})
    fields, secrets = {"region": "us-east-1", "access_key_id": "AKIDEXAMPLE"}, {"secret_access_key": Secret(SECRET)}

    found = aws_iam.signed(request, "service", fields, secrets)

    assert found.headers == {
        "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        "x-amz-date": "20150830T123600Z",
    }


@pytest.mark.usefixtures("vault", "outgoing")
@pytest.mark.parametrize("session", ["", SESSION], ids=["lasting", "temporary"])
async def test_the_openai_wire_is_signed(upstream: Upstream, session: str) -> None:
    upstream.on("/chat/completions", checked(usual))
    upstream.on("/models", checked(usual))
    known = endpoint(upstream, session=session)

    steps = [step async for step in runner.run(known, model="openai.gpt-oss-20b-1:0", depth="stream")]

    assert steps[-1].ok, steps[-1]
    signed = [heard for heard in upstream.heard if "authorization" in heard.headers]
    assert len(signed) == 3
    assert [heard.path for heard in upstream.heard if heard not in signed] in ([], ["/v1/models"])  # is the list public?
    for heard in signed:
        assert heard.headers.get("x-amz-security-token", "") == session
        assert SECRET.encode() not in heard.raw_head + heard.body


@pytest.mark.usefixtures("vault", "outgoing", "translated")
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
async def test_converse_is_signed_in_the_translator(upstream: Upstream, stream: bool) -> None:
    upstream.on("/converse-stream" if stream else "/converse", checked(vendors.say(ProviderType.BEDROCK, stream=stream)))
    known = endpoint(upstream, type_=ProviderType.BEDROCK, session=SESSION)

    async with litellm.send(known, known.keys[0], translated.ask(stream=stream, model="eu.amazon.nova-lite-v1:0")) as got:
        found = b"".join([chunk async for chunk in got.chunks()]) if stream else await got.read()

    assert b"Hello" in found
    (heard,) = upstream.heard
    assert heard.headers["x-amz-security-token"] == SESSION
    assert SECRET.encode() not in heard.raw_head + heard.body
    assert json.loads(heard.body)["messages"]


@pytest.mark.usefixtures("vault", "outgoing")
async def test_another_secret_is_refused_and_nothing_of_it_comes_back(upstream: Upstream) -> None:
    upstream.on("/models", checked(usual))
    wrong = "wJalrXUtnFEMI/another+secret/0000EXAMPLEKEY"
    known = endpoint(upstream, secret=wrong)

    with pytest.raises(Refused) as refused:
        async with openai.send(known, known.keys[0], Ask("/models")):
            pass

    assert "does not match" in refused.value.detail
    assert wrong not in str(vars(refused.value))


def test_the_copyable_request_signs_by_itself() -> None:
    kind = auth.types()["aws_iam"]

    assert kind.curl is not None
    assert kind.curl({"region": REGION}) == [
        f'--aws-sigv4 "aws:amz:{REGION}:bedrock"',
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    ]


def test_the_secret_is_sealed_for_region_and_address() -> None:
    info = auth.types()["aws_iam"].info

    assert info.destination("https://bedrock-runtime.eu-west-1.amazonaws.com:443", {"region": REGION}) == (
        "aws|eu-west-1|https://bedrock-runtime.eu-west-1.amazonaws.com:443"
    )
    assert (info.secret_fields, info.text_fields) == (("secret_access_key", "session_token"), ("region", "access_key_id"))


@pytest.mark.parametrize(("region", "is_one"), [("us-east-1", True), ("us-gov-west-1", True), ("Ireland", False), ("eu-west", False)])
def test_a_region_looks_like_one(region: str, is_one: bool) -> None:
    rule = auth.types()["aws_iam"].fields[0].wrong

    assert rule is not None
    assert (rule(region) is None) is is_one
