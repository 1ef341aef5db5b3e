"""How a provider is recognised at a glance."""

from dataclasses import dataclass
from zlib import crc32

from app.domain.providers.preset import Preset
from app.ui.build import bundle

TINTS = ("iris", "teal", "orange", "pink", "cyan", "grass", "brown", "purple")


@dataclass(frozen=True, slots=True)
class Face:
    """How something is recognised at a glance: logo file, or initials on a tint."""

    logo: str = ""
    initials: str = ""
    tint: str = "gray"


def face(label: str, preset: Preset | None) -> Face:
    """The face of a provider; the same label always gets the same tint."""
    parts = [word for word in label.replace("-", " ").replace("(", " ").split() if word[0].isalnum()] or ["?"]
    initials = (parts[0][0] + (parts[1][0] if len(parts) > 1 else "")).upper()
    logo = preset.logo if preset and preset.logo in bundle.logos() else ""
    return Face(logo, initials, TINTS[crc32(label.encode()) % len(TINTS)])
