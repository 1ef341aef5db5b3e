"""How a key is attached, and what forms are told about it."""

from dataclasses import replace

import pytest
from yarl import URL

from app.domain.credentials.auth_field import FieldKind
from app.domain.secret import Secret
from app.upstream import auth
from app.upstream.outgoing import Outgoing

BARE = Outgoing("GET", URL("https://api.example.com/v1/models"), {"accept": "*/*"})


def test_a_key_goes_out_as_a_bearer() -> None:
    signed = auth.types()["api_key"].apply(BARE, {}, {"api_key": Secret("sk-1")})

    assert signed == replace(BARE, headers={"accept": "*/*", "authorization": "Bearer sk-1"})


def test_none_sends_nothing() -> None:
    assert auth.types()["none"].apply(BARE, {}, {}) == BARE


@pytest.mark.parametrize(("name", "secrets"), [("api_key", ("api_key",)), ("none", ())])
def test_an_auth_type_says_what_it_needs(name: str, secrets: tuple[str, ...]) -> None:
    info = auth.types()[name].info

    assert (info.secret_fields, info.required_fields, info.text_fields) == (secrets, secrets, ())
    assert all(field.kind is FieldKind.SECRET and field.label for field in info.fields)
