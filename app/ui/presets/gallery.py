"""Known providers as the dialog offers them."""

from dataclasses import dataclass

import reflex as rx

from app import presets
from app.domain.errors import UnknownPreset
from app.domain.providers.preset import Preset
from app.services.providers.reading import auth_types
from app.ui.presets.face import face
from app.ui.presses import quiet
from app.ui.session.notices import answered, language


@dataclass(frozen=True, slots=True)
class Tile:
    """One known provider."""

    id: str
    label: str
    text: str
    logo: str
    initials: str
    tint: str
    needs: str  # key, address or nothing


class Gallery(rx.State):
    """What the search in the first step leaves over."""

    search: str = ""
    local: list[Tile] = []
    cloud: list[Tile] = []

    @rx.event
    @answered
    @quiet
    async def find(self, text: str) -> None:
        """Show the known providers that match."""
        self.search = text[:100]
        await self._show()

    @rx.event
    @answered
    @quiet
    async def retell(self) -> None:
        """The same in the language that was chosen meanwhile."""
        await self._show()

    async def _show(self) -> None:
        """Put what matches on the page, in the reader's language."""
        locale = await language(self)
        needle = self.search.strip().lower()
        found = [p for p in presets.all_() if needle in f"{p.label} {p.id} {_text(p, locale)}".lower()]
        self.local = [_tile(p, locale) for p in found if p.local]
        self.cloud = [_tile(p, locale) for p in found if not p.local]


async def open_(gallery: Gallery) -> None:
    """Show everything again."""
    gallery.search = ""
    await gallery._show()


def preset_of(preset: str | None) -> Preset | None:
    """The preset of this id; None for Custom Provider, and for one whose file is gone."""
    try:
        return presets.get(preset) if preset else None
    except UnknownPreset:
        return None


def ways_of(preset: Preset | None) -> list[str]:
    """The auth types that are offered: those of the vendor; for a Custom Provider every one that is no vendor's own, the usual first."""
    if preset:
        return preset.auth_types or [preset.auth_type]
    owned = {kind for p in presets.all_() for kind in (p.auth_type, *p.auth_types)} - {"api_key", "none"}
    return sorted(auth_types().keys() - owned, key=lambda kind: (kind != "api_key", kind == "none", kind))


def key_prefixes() -> dict[str, str]:
    """How a vendor's keys begin → its label. A beginning that many share says nothing and is left out."""
    return {prefix: p.label for p in presets.all_() for prefix in p.key_prefixes if len(prefix) > len("sk-")}


def _text(p: Preset, locale: str) -> str:
    return p.description_in.get(locale, p.description)


def _needs(p: Preset) -> str:
    if p.auth_type == "none":
        return "nothing"
    return "address" if "{" in p.base_url else "key"


def _tile(p: Preset, locale: str) -> Tile:
    look = face(p.label, p)
    return Tile(p.id, p.label, _text(p, locale), look.logo, look.initials, look.tint, _needs(p))
