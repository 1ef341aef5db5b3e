"""Slugs and the words they may not be."""

import re
import unicodedata

from app.domain.errors import InvalidDraft, Reason

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])")
_LONGEST_WORD = 16

RESERVED = frozenset(
    {
        # Static segments under /api/v1/providers: a provider of that name could never be reached.
        "from-preset",
        "health",
        "models",
        "presets",
        "refresh-registry",
        "registry-status",
        "test",
        "test-all",
        "validate",
        # Words with a meaning of their own in a selector or an address.
        "default",
        "new",
        "providers",
    }
)


def check_slug(name: str, *, field: str = "name") -> str:
    """Return the name, or raise `InvalidDraft` with the rule it breaks."""
    if not _SLUG.fullmatch(name):
        raise InvalidDraft(
            {field: Reason("name_form", "Use 2 to 50 lowercase letters, digits and hyphens. Start and end with a letter or digit.")},
            suggestions=_better(name),
        )
    if name in RESERVED:
        reason = Reason("name_reserved", "“{name}” is reserved. Choose another name.", name=name)
        raise InvalidDraft({field: reason}, suggestions=[f"{name}-1"])
    return name


def _better(name: str) -> list[str]:
    """A name made of what was typed, unless that looks like a key in the wrong field: it is not said back."""
    made = slugify(name)
    is_like_a_key = any(len(word) > _LONGEST_WORD for word in made.split("-"))
    return [made] if made != name and _SLUG.fullmatch(made) and not is_like_a_key else []


def slugify(text: str) -> str:
    """A slug made of a label: lower case, letters without their marks, runs of anything else become one hyphen, at most 50 characters.

    >>> slugify("Văn phòng Đà Nẵng")
    'van-phong-da-nang'
    """
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(c for c in parts if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:50].rstrip("-")
