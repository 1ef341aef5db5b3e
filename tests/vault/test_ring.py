"""The ring lends the use of keys, never the keys."""

import pytest

from app.domain.errors import KeyMissing, SecretUnreadable
from app.domain.secret import Sealed, Secret
from app.vault import envelope, ring, sealed_format

KEY = bytes([3, *range(31)])


@pytest.fixture
def locked() -> ring.Ring:
    return ring.Ring("instance", {sealed_format.kid_of(KEY): KEY}, active=sealed_format.kid_of(KEY))


def own_keys(to: ring.Ring) -> dict[str, Sealed]:
    return {n: envelope.seal(to, Secret(bytes([7] * 32).hex()), ring.system_binding(n)) for n in ring.SYSTEM_KEYS}


def test_the_fingerprint_is_the_published_keyed_hash(locked: ring.Ring) -> None:
    locked.unlock(own_keys(locked))

    assert locked.fingerprint(Secret("sk-abc")) == "477d6bb1c829"  # HMAC-SHA-256, key 07 * 32, computed elsewhere


def test_equal_secrets_have_equal_fingerprints_under_one_installation_only(locked: ring.Ring, vault: ring.Ring) -> None:
    locked.unlock(own_keys(locked))

    assert locked.fingerprint(Secret("sk")) == locked.fingerprint(Secret("sk")) != vault.fingerprint(Secret("sk"))


def test_macs_of_different_purposes_do_not_collide(vault: ring.Ring) -> None:
    assert len({vault.mac("ab", b"c"), vault.mac("a", b"bc"), vault.mac("abc", b""), vault.seal_audit(b"abc")}) == 4


def test_a_locked_ring_makes_no_seal_with_an_empty_key(locked: ring.Ring) -> None:
    for use in (lambda: locked.mac("p", b""), lambda: locked.fingerprint(Secret("x")), lambda: locked.seal_audit(b"")):
        with pytest.raises(KeyMissing):
            use()


def test_half_of_our_own_keys_unlocks_nothing(locked: ring.Ring) -> None:
    with pytest.raises(KeyMissing, match="fingerprint"):
        locked.unlock({name: value for name, value in own_keys(locked).items() if name != "fingerprint"})
    with pytest.raises(KeyMissing):
        locked.seal_audit(b"")


def test_our_own_keys_do_not_swap_places(locked: ring.Ring) -> None:
    own = own_keys(locked)
    with pytest.raises(SecretUnreadable):
        locked.unlock({**own, "mac": own["fingerprint"]})


def test_a_canary_opens_only_in_its_own_installation(locked: ring.Ring) -> None:
    kid = sealed_format.kid_of(KEY)
    canary = envelope.seal(locked, Secret("canary:instance"), ring.canary_binding(kid))
    wrong = envelope.seal(locked, Secret("canary:other"), ring.canary_binding(kid))

    assert locked.check(canary)
    assert not locked.check(wrong)
    with pytest.raises(SecretUnreadable):
        ring.Ring("other", {kid: KEY}, active=kid).check(canary)


def test_the_ring_of_the_process_is_missing_until_it_is_installed(locked: ring.Ring) -> None:
    with pytest.raises(KeyMissing):
        ring.current()
    ring.install(locked)
    try:
        assert ring.current() is locked
    finally:
        ring.install(None)
