"""What may be stored as a secret: trimmed of what pasting adds, never a mask, only characters a header can carry."""

import re

from app.domain.errors import InvalidDraft, Reason
from app.domain.secret import Secret

LONGEST = 8_192
HINT_FROM = 20  # shorter secrets show no hint: four of few characters would give too much away
_BREAKS = "\r\n\t"
# What vendors' pages put in place of a key: `sk-...0002`, `sk-****`, `••••`, `xxxxxxxx1234`. A long random text may hold three dots.
_MASK = re.compile(r"[•●∙·⋅◦○▪■□█▒░…⋯∗＊✱]|\*{3}|#{4}|\.{5}|(?<![xX])[xX]{8,}+[A-Za-z0-9]{2,12}$|^(?:[A-Za-z0-9]{1,8}[-_]){1,4}[xX.]{3,}$")
_DOTS = re.compile(r"\.{3}")
_DOTTED = 32  # characters: no longer than this is what is left of a key around dots
_WRAPPING = re.compile(r"""^(["'`“”‘’])(.*)(["'`“”‘’])$""", re.DOTALL)
_SCHEME = re.compile(r"^(?:authorization\s*:\s*)?bearer\s+", re.IGNORECASE)


def clean(
    secret: Secret, *, field: str, hint: str = "", keep_scheme: bool = False, blanks: bool = False, multiline: bool = False
) -> Secret:
    """Trim blanks, quotes and, unless `keep_scheme`, `Bearer `, and return what will be sealed; an empty result means "keep".

    Raises `InvalidDraft` with `field` for a mask (`hint` is that of the stored secret: pasting it back is a mask too),
    for control or invisible characters (line breaks and tabs are let through with `multiline`), for something too long, and for a
    blank inside, unless `blanks` says that such a secret may have one. The text itself is never in the message.
    """
    text = _trim(secret.reveal(), keep_scheme=keep_scheme)
    if len(text) > LONGEST:
        reason = Reason("secret_too_long", "This is longer than {most} characters. Check the pasted text.", most=LONGEST)
        raise InvalidDraft({field: reason})
    if is_masked(text) or (hint and text == hint):
        raise InvalidDraft(
            {
                field: Reason(
                    "masked_secret",
                    "This is a masked key, not the key itself. Paste the whole key, or leave the field empty to keep the saved one.",
                )
            }
        )
    if not all(" " <= c <= "~" or (multiline and c in _BREAKS) for c in text):
        raise InvalidDraft(
            {
                field: Reason(
                    "secret_characters",
                    "This contains invisible or special characters that keys never have. Copy the key again from the provider's page.",
                )
            }
        )
    if " " in text and not (blanks or multiline):
        reason = Reason("secret_blanks", "A key cannot contain spaces. Copy the key alone, without the text around it.")
        raise InvalidDraft({field: reason})
    return Secret(text)


def is_masked(text: str) -> bool:
    """Whether this is how a key is shown, rather than the key.

    >>> is_masked("sk-...0002"), is_masked("sk-proj-0a1b2c3d4e5f6a7b8c9d")
    (True, False)
    """
    return bool(_MASK.search(text)) or (len(text) <= _DOTTED and bool(_DOTS.search(text)))


def hint_of(secret: Secret) -> str:
    """The last four characters, or "" when the secret is short, or a file, which ends like every other."""
    text = secret.reveal()
    return text[-4:] if len(text) >= HINT_FROM and not text.startswith("{") else ""


def _trim(text: str, *, keep_scheme: bool) -> str:
    before = None
    while before != text:
        before = text
        text = text.strip()
        if found := _WRAPPING.match(text):
            text = found[2]
        text = text if keep_scheme else _SCHEME.sub("", text)
    return text
