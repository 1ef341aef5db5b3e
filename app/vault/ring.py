"""The key ring of this process: master keys by id, and our own random keys that they seal."""

import hmac
from collections.abc import Mapping
from functools import lru_cache

from app.domain.error_kind import ErrorKind
from app.domain.errors import KeyMissing, SecretUnreadable
from app.domain.secret import Binding, Sealed, Secret
from app.vault import sealed_format

# Random keys of our own, one row of `system_secret` each. Rotating the master key changes none of them.
SYSTEM_KEYS = ("audit_seal", "fingerprint", "row_mac")
# What stands in the place of `row_mac` in a database of a version whose rows had no MACs. It goes when they get them, and nobody without
# the master key can make another: so rows are adopted as they stand once, and never again because somebody says that they were not.
BEFORE_MACS = "mac"

# Unwrapping a data key costs more than the rest of opening a value. One that is kept opens one value, and is worth nothing to
# whoever can read this memory: the master keys lie beside it. Texts are opened anew, under their binding, for every call.
_KEPT_DATA_KEYS = 4_096

_current: "Ring | None" = None


class Ring:
    """Holds keys and lends their use, never the keys. Built at boot; `hold` and `turn_to` follow a rotation.

    `instance_id` goes into every binding, so values of another installation do not open here.
    """

    def __init__(self, instance_id: str, keys: Mapping[str, bytes], *, active: str) -> None:
        self.instance_id = instance_id
        self.active = active
        self.lacking: frozenset[str] = frozenset()  # keys that stored values needed at a partial start and that are not here
        self._masters = {kid: sealed_format.fernet(key) for kid, key in keys.items()}
        self._system: dict[str, bytes] = {}
        self._prepared = lru_cache(_KEPT_DATA_KEYS)(self._prepare)

    @property
    def kids(self) -> frozenset[str]:
        """Ids of the master keys that are loaded."""
        return frozenset(self._masters)

    def hold(self, keys: Mapping[str, bytes]) -> None:
        """Lend these master keys too. None is taken away: values that were read before may still need one."""
        self._masters = {kid: sealed_format.fernet(key) for kid, key in keys.items() if kid not in self._masters} | self._masters

    def turn_to(self, kid: str) -> None:
        """Seal with this master key from now on. Raises `SecretUnreadable` when it is not loaded."""
        self._master(kid)
        self.active = kid

    def unlock(self, system: Mapping[str, Sealed]) -> None:
        """Open our own keys. Raises `SecretUnreadable` naming nothing but the kind; half of them is none of them."""
        opened = {name: bytes.fromhex(self._open(value, system_binding(name)).decode()) for name, value in system.items()}
        if missing := [name for name in SYSTEM_KEYS if len(opened.get(name, b"")) != sealed_format.KEY_BYTES]:
            raise KeyMissing(f"The database is missing its own keys ({', '.join(missing)}). Restore a backup.")
        self._system = opened

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA-256 under a key nobody outside can use; different purposes never collide."""
        return self._hmac("row_mac", len(purpose).to_bytes(4, "big") + purpose.encode() + data)

    def fingerprint(self, secret: Secret) -> str:
        """12 hex characters: equal secrets have equal fingerprints, and nothing leads back."""
        return self._hmac("fingerprint", secret.reveal().encode()).hex()[:12]

    def seal_audit(self, digest: bytes) -> bytes:
        """The 32 bytes that whoever can only write to the database cannot forge."""
        return self._hmac("audit_seal", digest)

    def wrap(self, data_key: bytes) -> tuple[str, bytes]:
        """Guard a data key with the active master key: (kid, wrapped)."""
        kid = self.active
        return kid, self._master(kid).encrypt(data_key)

    def reseal(self, sealed: Sealed) -> Sealed:
        """The same value under the active master key. Only the data key is opened, the text never appears."""
        parts = sealed_format.parse(sealed)
        data_key = sealed_format.unwrap(self._master(parts.kid), parts.wrapped)
        return sealed_format.pack(*self.wrap(data_key), parts.body)

    def check(self, canary: Sealed) -> bool:
        """True when the canary opens and says what it must: this key belongs to this database."""
        expected = f"canary:{self.instance_id}".encode()
        return hmac.compare_digest(self._open(canary, canary_binding(canary.kid)), expected)

    def examine(self, sealed: Sealed, binding: Binding) -> str:
        """Why a value cannot be opened where it stands, "" when it can: missing_kid, auth_failed or malformed. The text is not shown."""
        try:
            self._open(sealed, binding)
        except SecretUnreadable as error:
            return str(error.kind or "")
        return ""

    def _open(self, sealed: Sealed, binding: Binding) -> bytes:
        """For this room alone: `vault.open` is the door. Raises `SecretUnreadable`."""
        return sealed_format.decrypt(*self._prepared(sealed, binding))

    def _prepare(self, sealed: Sealed, binding: Binding) -> tuple[sealed_format.AESGCM, bytes, bytes]:
        """What `s1.decrypt` needs; failures are not kept."""
        parts = sealed_format.parse(sealed)
        data_key = sealed_format.unwrap(self._master(parts.kid), parts.wrapped)
        return sealed_format.AESGCM(data_key), parts.body, sealed_format.associated_data(self.instance_id, binding)

    def _master(self, kid: str) -> sealed_format.Fernet:
        if (master := self._masters.get(kid)) is None:
            raise sealed_format.unreadable(ErrorKind.MISSING_KID)
        return master

    def _hmac(self, name: str, data: bytes) -> bytes:
        if not (key := self._system.get(name)):  # an empty key would make every seal forgeable
            raise KeyMissing("The key ring is not unlocked.")
        return hmac.digest(key, data, "sha256")

    def __repr__(self) -> str:
        return f"Ring(active={self.active}, kids={sorted(self._masters)})"


def system_binding(name: str) -> Binding:
    """Where one of our own keys belongs."""
    return Binding("system_secret", name, "value", "-")


def canary_binding(kid: str) -> Binding:
    """Where the canary of a master key belongs."""
    return Binding("crypto_key", kid, "canary", "-")


def install(ring: Ring | None) -> None:
    """Make this the ring of the process; None takes it away."""
    global _current
    _current = ring


def current() -> Ring:
    """The ring of the process. Raises `KeyMissing` before the vault is open."""
    if _current is None:
        raise KeyMissing("The vault is locked: no master key is loaded. Start Patchbay with its key file or key variable.")
    return _current
