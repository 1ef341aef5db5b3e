"""The recovery kit: a text file that opens a copied database on another machine. Its words are with those of the languages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.secret import Secret

# The commands are the same in every language, and whole blocks of them can be pasted into a shell.
_WRITE = """\
mkdir -p data/keys
chmod 700 data data/keys
(umask 077; cat > data/keys/master.key <<'END'
{keys}
END
)"""
_START = """\
patchbay master-key list --data-dir data
patchbay serve --data-dir data"""


@dataclass(frozen=True, slots=True, repr=False)
class RecoveryKit:
    """`text` holds the master keys. `filename` is harmless."""

    filename: str
    text: Secret


@dataclass(frozen=True, slots=True, repr=False)
class Contents:
    """What goes into a kit. `keys`: id → key as it is written down, the active one first."""

    keys: Mapping[str, Secret]
    instance_id: str
    address: str
    by: str
    at: datetime


def write(contents: Contents, say: Callable[[Mapping[str, object]], str]) -> RecoveryKit:
    """The file. `say` gives its text in a language, filled with what is in the kit."""
    kids = list(contents.keys)
    keys = "\n".join(key.reveal() for key in contents.keys.values())
    values = {
        "at": f"{contents.at:%Y-%m-%d %H:%M} UTC",
        "by": contents.by,
        "address": contents.address,
        "instance": contents.instance_id,
        "active": kids[0],
        "kids": ", ".join(kids),
        "many": f" ({len(kids)})" if len(kids) > 1 else "",
        "keys": keys,
        "write": _WRITE.format(keys=keys),
        "start": _START,
    }
    return RecoveryKit(f"patchbay-recovery-kit-{kids[0]}.txt", Secret(say(values)))
