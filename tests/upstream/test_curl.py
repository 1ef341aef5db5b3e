"""The request to copy: a command a shell understands, with a placeholder where the secret belongs, for every way of signing in."""

import shlex
from typing import Any

import pytest

from app.domain.providers.address import origin_of
from app.upstream import auth
from app.upstream.wire import openai
from app.upstream.wire.call import Ask
from tests.fixtures import make

pytestmark = pytest.mark.usefixtures("vault")
BASE = "https://models.example.com/it's/v1"
BODY = b'{"model":"it\'s $HOME `id` \\"x\\"","messages":[]}'
WAYS: dict[str, tuple[dict[str, str], list[str]]] = {
    "none": ({}, []),
    "api_key": ({}, ["authorization: Bearer $API_KEY"]),
    "azure_key": ({}, ["api-key: $API_KEY"]),
    "custom_header": ({"header_name": "X-Api-Key"}, ["x-api-key: $HEADER_VALUE"]),
    "oauth": ({"client_id": "c", "token_url": "https://login.example.com/token"}, ["authorization: Bearer $ACCESS_TOKEN"]),
    "entra": ({"tenant": "t", "client_id": "c"}, ["authorization: Bearer $ACCESS_TOKEN"]),
    "google_service_account": ({}, ["authorization: Bearer $ACCESS_TOKEN"]),
    "aws_iam": ({"region": "eu-west-1", "access_key_id": "AKIAPLANTED0000000"}, ["$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"]),
}


def readable(way: str) -> dict[str, str]:
    """Its readable fields: those above, or something for each that it cannot do without."""
    info = auth.types()[way].info
    return WAYS[way][0] if way in WAYS else {name: "x" for name in info.text_fields if name in info.required_fields}


def copied(way: str, **changes: Any) -> str:
    key = make.key(BASE)
    fields = {**changes, "auth_type": way, "auth": readable(way), "keys": (key,), "origin": origin_of(BASE)}
    return openai.repeatable(make.endpoint(BASE, **fields), Ask("/chat/completions", body=BODY))


@pytest.mark.parametrize("way", auth.types())
def test_it_is_a_command_with_a_placeholder_and_without_a_secret(way: str) -> None:
    text = copied(way)

    words = shlex.split(text)
    assert words[:2] == ["curl", f"{BASE}/chat/completions"]
    assert words[words.index("-d") + 1] == BODY.decode()
    if way in WAYS:
        assert all(placeholder in words for placeholder in WAYS[way][1]), words
        assert ("$" in text.replace(BODY.decode().replace("'", "'\\''"), "")) is bool(WAYS[way][1])
    for never in (make.SECRET, "AKIAPLANTED0000000", "pb1"):
        assert never not in text
