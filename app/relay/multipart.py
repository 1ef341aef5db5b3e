"""A form with files (`multipart/form-data`): the model's name is read and replaced, every other byte stays as it came.

Nothing here is lenient. Provider and selector must see the same model, so a form that two readers could read in two ways is refused:
what stands before the first part, a field named twice, names in another spelling, folded lines, an odd boundary.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from app.domain.errors import InvalidDraft

TYPE = b"multipart/form-data"
_BOUNDARY = re.compile(
    rb'multipart/form-data\s*;\s*boundary=(?:"([A-Za-z0-9\'()+_,./:=? -]{1,70})"|([A-Za-z0-9\'+_./-]{1,70}))\s*', re.IGNORECASE
)
_FIELD = re.compile(rb'; *(?:(name|filename)="((?:[^"\\]|\\.)*)"|(filename\*)=[^;"]+)', re.IGNORECASE)
_NAMED = re.compile(rb'form-data(?:; *(?:(?:name|filename)="(?:[^"\\]|\\.)*"|filename\*=[^;"]+))+', re.IGNORECASE)
_BREAK = re.compile(rb"[\r\n\0]")
_PLAIN = (b"binary", b"8bit", b"7bit")
_MOST_PARTS = 1_000
_LONGEST_HEAD = 8_192
_LONGEST_VALUE = 1_000
_READ = (b"model", b"stream")
_UNCLEAR = "The form cannot be read. Send it as multipart/form-data, as the official SDKs do, with each field once."


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it came. `at` = where the model's value lies in it, None = nowhere. `selector` "" = none given."""

    body: bytes
    content_type: str
    boundary: bytes
    selector: str
    at: tuple[int, int] | None
    stream: bool
    fields: Mapping[str, msgspec.Raw]  # those that capabilities speak of

    def for_model(self, model: str) -> bytes:
        """The form for a provider: every byte as it came, but for the model's value."""
        if self.at is None:
            return b'--%s\r\nContent-Disposition: form-data; name="model"\r\n\r\n%s\r\n%s' % (self.boundary, model.encode(), self.body)
        start, end = self.at
        return b"".join((memoryview(self.body)[:start], model.encode(), memoryview(self.body)[end:]))


def is_form(content_type: bytes) -> bool:
    """Whether a request with this header says that it is a form."""
    return content_type[: len(TYPE)].lower() == TYPE


def parse(body: bytes, content_type: bytes) -> Form:
    """Read the model's name and where it stands. Raises `InvalidDraft`; what was sent is never echoed."""
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        raise InvalidDraft({"body": _UNCLEAR})
    boundary = found[1] or found[2]
    seen: dict[bytes, tuple[int, int]] = {}
    for name, has_file, start, end in _parts(body, boundary):
        if (low := name.lower()) not in _READ:
            continue
        if name != low or name in seen or has_file or end - start > _LONGEST_VALUE:
            raise InvalidDraft({low.decode(): f"Send {low.decode()} once, as a short string, its name in lowercase."})
        seen[name] = (start, end)
    try:
        selector, stream = (body[slice(*seen.get(name, (0, 0)))].decode() for name in _READ)
    except UnicodeDecodeError as error:
        raise InvalidDraft({"model": "The model must be a string."}) from error
    if any(ord(character) < 32 for character in selector):
        raise InvalidDraft({"model": "The model must be a string."})
    streams = stream.strip().lower() in ("true", "1")
    asked = {"stream": msgspec.Raw(b"true")} if streams else {}
    return Form(body, content_type.decode("latin-1"), boundary, selector, seen.get(b"model"), streams, asked)


def _parts(body: bytes, boundary: bytes) -> list[tuple[bytes, bool, int, int]]:
    """Every part: its name, whether it is a file, where its value begins and ends."""
    between = b"\r\n--" + boundary
    if not body.startswith(between[2:]):
        raise InvalidDraft({"body": _UNCLEAR})
    parts: list[tuple[bytes, bool, int, int]] = []
    here = len(between) - 2
    while body[here : here + 2] != b"--":
        head_end = body.find(b"\r\n\r\n", here, here + _LONGEST_HEAD)
        value = head_end + 4
        end = body.find(between, value)
        if body[here : here + 2] != b"\r\n" or head_end < 0 or end < 0 or len(parts) == _MOST_PARTS:
            raise InvalidDraft({"body": _UNCLEAR})
        parts.append((*_named(body[here + 2 : head_end]), value, end))
        here = end + len(between)
    # Some readers take a single line feed before a boundary as well: inside of a value it would begin a part that we do not see.
    if body[here + 2 :].strip() or body.count(between[2:]) != len(parts) + 1:
        raise InvalidDraft({"body": _UNCLEAR})
    return parts


def _named(head: bytes) -> tuple[bytes, bool]:
    """Name of a part, and whether it is a file."""
    lines = [line.partition(b":") for line in head.split(b"\r\n")]
    said = [value.strip() for name, _, value in lines if name.lower() == b"content-disposition"]
    is_odd = any(not colon or name != name.strip() or _BREAK.search(value) for name, colon, value in lines)
    is_coded = any(name.lower() == b"content-transfer-encoding" and value.strip().lower() not in _PLAIN for name, _, value in lines)
    if is_odd or is_coded or len(said) != 1 or _NAMED.fullmatch(said[0]) is None:
        raise InvalidDraft({"body": _UNCLEAR})
    fields = [((name or starred).lower(), value) for name, value, starred in _FIELD.findall(said[0])]
    named = [value for name, value in fields if name == b"name"]
    if len(named) != 1 or b"\\" in named[0] or len(fields) != len(dict(fields)):
        raise InvalidDraft({"body": _UNCLEAR})
    return named[0], len(fields) > 1
