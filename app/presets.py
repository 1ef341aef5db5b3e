"""Known vendors, one file each under `presets/`. A bad file is a sentence that names file, line and field."""

import difflib
import re
import tomllib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from app.domain import names
from app.domain.errors import InvalidDraft, UnknownPreset
from app.domain.providers.address import normalise
from app.domain.providers.preset import Preset
from app.domain.providers.provider import ProviderType

FOLDER = Path(__file__).parents[1] / "presets"
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


class BadPreset(ValueError):
    """A preset file that cannot be used. The text is `file:line: field: what is wrong`."""


def read(file: Path) -> Preset:
    """Read one file; its name without `.toml` is the preset's id. Raises `BadPreset`."""
    try:
        text = file.read_text("utf-8")
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadPreset(f"{file.name}:{found[1] if found else 1}: this is not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadPreset(f"{file.name}:1: the file cannot be read as UTF-8 text") from error
    if "id" in fields:
        raise BadPreset(f"{_place(file, text, 'id')}: leave it out, the name of the file is the id")
    try:
        preset = Preset(id=file.stem, **fields)
        names.check_slug(preset.id, field="id")
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        near = difflib.get_close_matches(field, Preset.model_fields, 1) if first["type"] == "extra_forbidden" else []
        said = f"there is no such field; did you mean {near[0]}?" if near else first["msg"]
        raise BadPreset(f"{_place(file, text, field)}: {said}") from error
    except InvalidDraft as error:
        raise BadPreset(f"{file.name}:1: the file's name: {error.message}") from error
    _check(preset, file, text)
    return preset


def load(folder: Path) -> dict[str, Preset]:
    """Every preset of a folder, in the order of the gallery: local first, then rank, then label."""
    found = [read(file) for file in sorted(folder.glob("*.toml"))]
    return {p.id: p for p in sorted(found, key=lambda p: (not p.local, p.rank, p.label.lower()))}


@cache
def _shipped() -> dict[str, Preset]:
    return load(FOLDER)


def all_() -> tuple[Preset, ...]:
    """The shipped presets, in the order of the gallery. Raises `BadPreset` when a file is wrong."""
    return tuple(_shipped().values())


def get(preset: str) -> Preset:
    """One preset by id. Raises `UnknownPreset`, which lists the ids."""
    try:
        return _shipped()[preset]
    except KeyError:
        raise UnknownPreset(
            "There is no known provider with this ID. Choose one from the list, or add a custom provider.", suggestions=sorted(_shipped())
        ) from None


def find(preset: str | None) -> Preset | None:
    """The preset a saved provider came from, None when it came from none: a provider outlives the file."""
    return _shipped().get(preset or "")


def shortfalls(preset: Preset) -> list[str]:
    """What a preset that we ship has besides: what a person needs who has never heard of the vendor."""
    found = []
    if not re.fullmatch(r"[A-Z][^<>{}]{8,90}\.", preset.description):
        found.append("description: one plain sentence that begins with a capital and ends with a full stop, 10 to 92 characters long")
    if not preset.docs_url.startswith("https://"):
        found.append("docs_url: the address of the vendor's documentation, with https://")
    if not preset.local and not preset.key_url.startswith("https://"):
        found.append("key_url: where a key is created, with https://")
    if preset.model_list == "none" and not preset.key_check and preset.type is not ProviderType.AZURE and not preset.models:
        found.append("models: some to choose from, as the vendor lists none")
    return found


def _check(preset: Preset, file: Path, text: str) -> None:
    """What the types cannot say: an address in its normal form, an auth type among those offered."""
    filled = _PLACEHOLDER.sub("x", preset.base_url)
    try:
        address = normalise(filled, known=filled, type_=preset.type)
    except InvalidDraft as error:
        raise BadPreset(f"{_place(file, text, 'base_url')}: {error.message}") from error
    if address.base_url != filled:
        raise BadPreset(f"{_place(file, text, 'base_url')}: write it in its normal form, {address.base_url}")
    try:
        re.compile(preset.fingerprint.pattern if preset.fingerprint else "")
    except re.error as error:
        raise BadPreset(f"{_place(file, text, 'fingerprint')}: this is not a regular expression: {error}") from error
    if preset.auth_types and preset.auth_types[0] != preset.auth_type:
        raise BadPreset(f"{_place(file, text, 'auth_types')}: the first one must be auth_type, {preset.auth_type}")


def _place(file: Path, text: str, field: str) -> str:
    """`file:line: field`; a field that is missing is placed at the end of the file."""
    lines = text.splitlines()
    at = next((n for n, line in enumerate(lines, 1) if re.match(rf"\s*{re.escape(field)}\s*=", line)), max(len(lines), 1))
    return f"{file.name}:{at}: {field}"
