"""What is sealed opens in its own place and nowhere else."""

import json
import pickle
import string
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import KeyMissing, SecretUnreadable
from app.domain.secret import Binding, Sealed, Secret
from app.vault import envelope, ring, sealed_format
from app.vault.open import open_secret

MASTER = bytes(range(32))
INSTANCE = "0190aaaa-0000-7000-8000-000000000001"
PLACE = Binding("credential_secret", "0190aaaa-0000-7000-8000-00000000000c", "api_key", "https://api.example.com:443")
# Computed with `cryptography` alone, outside of this code: master key 00..1f, data key 64..83, nonce 00..0b, IV of Fernet zero.
VECTOR = Sealed(
    "s1.e2cd501263.gAAAAABlU_EAAAAAAAAAAAAAAAAAAAAAAPOevLHJAVt4bA2Y3M14C9gjDUqGm4IerJIe2xkDuQnknMcTf0IIl1ly3h16okYukXJnZZfozMSQ98BhWolL"
    "9_vIfxEq2le4JGWNocwasObv.AAECAwQFBgcICQoL7MAVOH7ksp2wI6_6pa69hN4vBBMWXji8mYGBF8nsdK47vWs"
)
AAD = (
    "0000000273310000002430313930616161612d303030302d373030302d383030302d3030303030303030303030310000001163726564656e7469616c5f7365637265"
    "740000002430313930616161612d303030302d373030302d383030302d303030303030303030303063000000076170695f6b65790000001b68747470733a2f2f6170"
    "692e6578616d706c652e636f6d3a343433"
)
bounded = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def known() -> ring.Ring:
    return ring.Ring(INSTANCE, {sealed_format.kid_of(MASTER): MASTER}, active=sealed_format.kid_of(MASTER))


def kind(sealed: Sealed, binding: Binding) -> str:
    with pytest.raises(SecretUnreadable) as raised:
        open_secret(sealed, binding)
    return str(raised.value.details["kind"])


def test_the_key_id_and_the_associated_data_are_the_published_ones() -> None:
    assert sealed_format.kid_of(MASTER) == "e2cd501263"
    assert sealed_format.associated_data(INSTANCE, PLACE).hex() == AAD


def test_the_body_is_the_published_one() -> None:
    body = sealed_format.encrypt(bytes(range(100, 132)), bytes(range(12)), "sk-tést-0123456789".encode(), bytes.fromhex(AAD))

    assert sealed_format.pack("e2cd501263", b"x", body).text.rsplit(".", 1)[1] == VECTOR.text.rsplit(".", 1)[1]


def test_a_value_of_yesterday_opens_today(known: ring.Ring) -> None:
    ring.install(known)
    try:
        assert open_secret(VECTOR, PLACE).reveal() == "sk-tést-0123456789"
    finally:
        ring.install(None)


@bounded
@given(
    text=st.text(st.characters(codec="utf-8"), max_size=300), row=st.uuids().map(str), origin=st.text(string.ascii_lowercase, min_size=1)
)
def test_whatever_is_sealed_opens_again(vault: ring.Ring, text: str, row: str, origin: str) -> None:
    place = Binding("credential_secret", row, "api_key", f"https://{origin}:443")

    assert open_secret(envelope.seal(vault, Secret(text), place), place).reveal() == text


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(Binding("system_secret", PLACE.row_id, "api_key", PLACE.destination), id="another table"),
        pytest.param(Binding("credential_secret", "0190aaaa-0000-7000-8000-00000000000d", "api_key", PLACE.destination), id="another row"),
        pytest.param(Binding("credential_secret", PLACE.row_id, "header_value", PLACE.destination), id="another field"),
        pytest.param(Binding("credential_secret", PLACE.row_id, "api_key", "https://evil.example:443"), id="another host"),
        pytest.param(Binding("credential_secret", PLACE.row_id, "api_key", "http://api.example.com:443"), id="another scheme"),
        pytest.param(Binding("credential_secret", PLACE.row_id, "api_key", "https://api.example.com:8443"), id="another port"),
        pytest.param(
            Binding("credential_secret", PLACE.row_id + "api", "_key", PLACE.destination), id="the border between two fields moved"
        ),
    ],
)
def test_a_value_moved_elsewhere_does_not_open(vault: ring.Ring, elsewhere: Binding) -> None:
    sealed = envelope.seal(vault, Secret("sk-moved"), PLACE)

    assert kind(sealed, elsewhere) == "auth_failed"
    open_secret(sealed, PLACE)
    assert kind(sealed, elsewhere) == "auth_failed", "its data key is kept by now, and that must not matter"


def test_a_value_of_another_installation_does_not_open(vault: ring.Ring) -> None:
    key = bytes(range(1, 33))
    stranger = ring.Ring(INSTANCE, {sealed_format.kid_of(key): key}, active=sealed_format.kid_of(key))

    assert kind(envelope.seal(stranger, Secret("sk-restored"), PLACE), PLACE) == "auth_failed"


def test_parts_of_two_values_do_not_combine(vault: ring.Ring) -> None:
    one, two = (envelope.seal(vault, Secret(text), PLACE).text.split(".") for text in ("sk-one", "sk-two"))

    assert kind(Sealed(".".join([*one[:3], two[3]])), PLACE) == "auth_failed"
    assert kind(Sealed(".".join([*two[:3], one[3]])), PLACE) == "auth_failed"


@bounded
@given(data=st.data())
def test_any_changed_character_is_noticed(vault: ring.Ring, data: st.DataObject) -> None:
    text = envelope.seal(vault, Secret("sk-flipped-0123456789"), PLACE).text
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_.=").filter(lambda c: c != text[at]))

    with pytest.raises(SecretUnreadable):
        open_secret(Sealed(text[:at] + other + text[at + 1 :]), PLACE)


@bounded
@given(data=st.data())
def test_any_shortened_value_is_noticed(vault: ring.Ring, data: st.DataObject) -> None:
    text = envelope.seal(vault, Secret("sk-cut-0123456789"), PLACE).text
    start, end = data.draw(st.tuples(st.integers(0, 8), st.integers(0, len(text) - 1)))

    with pytest.raises(SecretUnreadable):
        open_secret(Sealed(text[start:end]), PLACE)


@bounded
@given(st.text(max_size=80))
def test_anything_that_is_not_a_sealed_value_is_refused(vault: ring.Ring, text: str) -> None:
    assert kind(Sealed(text), PLACE) == "malformed"


def test_a_value_of_a_missing_key_says_so(vault: ring.Ring, known: ring.Ring) -> None:
    assert kind(envelope.seal(known, Secret("sk"), PLACE), PLACE) == "missing_kid"


def test_equal_secrets_never_look_equal(vault: ring.Ring) -> None:
    sealed = [envelope.seal(vault, Secret("sk-same"), PLACE).text.split(".") for _ in range(50)]

    assert len({parts[2] for parts in sealed}) == len({parts[3] for parts in sealed}) == 50
    assert len({parts[3][:16] for parts in sealed}) == 50, "a nonce came twice"


def test_resealing_keeps_the_text_and_changes_the_key(vault: ring.Ring) -> None:
    old, new = bytes(range(1, 33)), bytes(range(2, 34))
    sealed = envelope.seal(vault, Secret("sk-kept"), PLACE)
    both = ring.Ring(vault.instance_id, {sealed_format.kid_of(old): old, sealed_format.kid_of(new): new}, active=sealed_format.kid_of(new))
    resealed = both.reseal(sealed)
    ring.install(ring.Ring(vault.instance_id, {sealed_format.kid_of(new): new}, active=sealed_format.kid_of(new)))

    assert resealed.kid == sealed_format.kid_of(new)
    assert open_secret(resealed, PLACE).reveal() == "sk-kept"


def test_without_a_ring_nothing_opens() -> None:
    with pytest.raises(KeyMissing):
        open_secret(VECTOR, PLACE)


def test_a_sealed_value_and_a_secret_never_show_themselves(vault: ring.Ring) -> None:
    canary = "sk-canary-8c1f0a7e44d2"
    secret, sealed = Secret(canary), envelope.seal(vault, Secret(canary), PLACE)
    shown = f"{secret} {secret!r} {sealed} {sealed!r} {vault!r} {[secret, sealed]} {sealed.text}"

    assert canary not in shown
    assert "wrapped" not in repr(sealed)
    assert sealed.text not in f"{sealed} {sealed!r}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_an_error_of_the_vault_carries_no_material(vault: ring.Ring) -> None:
    sealed = envelope.seal(vault, Secret("sk-canary-5521"), PLACE)
    with pytest.raises(SecretUnreadable) as raised:
        open_secret(Sealed(sealed.text[:-1]), PLACE)

    assert sealed.text[20:40] not in f"{raised.value!r} {raised.value.details}"


def test_a_secret_may_change_its_row_but_never_where_it_may_be_sent(vault: ring.Ring) -> None:
    held = Binding("credential_secret", "a", "api_key", "https://one.example:443")
    sealed = envelope.seal(vault, Secret("sk-0123456789"), held)
    moved = replace(held, row_id="b")
    again = envelope.rebind(vault, sealed, held, moved)
    assert open_secret(again, moved).reveal() == "sk-0123456789"
    with pytest.raises(SecretUnreadable):
        open_secret(again, held)
    for wanted in (replace(moved, destination="https://two.example:443"), replace(moved, field="header_value")):
        with pytest.raises(ValueError, match="destination"):
            envelope.rebind(vault, sealed, held, wanted)
