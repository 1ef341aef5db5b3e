import json
import pickle

import pytest
from pydantic import BaseModel

from app.domain.secret import Sealed, Secret

PLANTED = "sk-planted-0123456789"


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(PLANTED)

    assert PLANTED not in f"{secret} {secret!r} {[secret]} { ({'a': secret}) }"


def test_a_secret_cannot_be_pickled_or_serialised() -> None:
    class Draft(BaseModel):
        key: Secret

    draft = Draft.model_validate({"key": PLANTED})

    assert draft.key.reveal() == PLANTED
    assert PLANTED not in repr(draft)
    with pytest.raises(TypeError):
        pickle.dumps(draft.key)
    with pytest.raises(TypeError):
        json.dumps(draft.key)
    with pytest.raises(Exception, match="cannot be serialised"):
        draft.model_dump_json()


def test_secrets_are_compared_only_on_request() -> None:
    assert Secret("a") != Secret("a")
    assert Secret("a").same_as(Secret("a"))
    assert not Secret("a").same_as(Secret("b"))


def test_a_sealed_value_names_its_key_and_nothing_else() -> None:
    sealed = Sealed("s1.0123456789.wrapped.body")

    assert (sealed.kid, str(sealed)) == ("0123456789", "Sealed(0123456789)")
    assert Sealed("plain text").kid == ""
