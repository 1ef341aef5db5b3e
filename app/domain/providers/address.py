"""Addresses: one parser, one normal form, one origin.

The parser is yarl, the one aiohttp connects with: two parsers that disagree are how a checked address and a called
address come to differ.
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from yarl import URL

from app.domain.errors import InvalidDraft, Reason
from app.domain.providers.provider import ProviderType
from app.domain.providers.routes import ROUTES

LONGEST = 2_048
_TASK_PATH = re.compile(r"/(chat/completions|completions|models|embeddings|responses|messages)$")
_VENDORS_PATH = re.compile(r"/(v\d+(/.*)?|openai(/.*)?|model(/.*)?)$")  # /v1/messages, /openai/deployments/…, /model/…/converse
_DOUBLED = re.compile(r"(/v\d{1,4})\1{1,9}$")
_PLACEHOLDER = re.compile(r"[{<]([A-Za-z0-9_. -]+)[}>]")


class AddressNote(StrEnum):
    """What normalising changed, for the sentence under the field."""

    VERSION_ADDED = "version_added"
    VERSION_DOUBLED = "version_doubled"
    PATH_TRIMMED = "path_trimmed"
    ROOT_KEPT = "root_kept"  # of a vendor whose own paths we know
    SCHEME_ADDED = "scheme_added"


@dataclass(frozen=True, slots=True)
class Address:
    """A base URL in its normal form, without a trailing slash, and what was mended on the way."""

    base_url: str
    origin: str
    notes: tuple[AddressNote, ...] = ()

    @property
    def is_at_root(self) -> bool:
        """Whether calls go to the root of the host."""
        return "/" not in self.base_url.partition("://")[2]


def normalise(
    text: str, *, field: str = "base_url", known: str = "", at_root: bool = False, type_: ProviderType = ProviderType.CUSTOM
) -> Address:
    """Parse what a person typed. Raises `InvalidDraft` with a sentence that says what to do.

    An address without a path gets /v1, unless the vendor's own base URL (`known`) has none, or a person said that the interface
    lies at the root of the host (`at_root`). Neither gets one a type whose base URL is the root of the vendor's API; what belongs
    to a task there is cut off.

    >>> normalise("http://localhost:11434").base_url
    'http://localhost:11434/v1'
    >>> normalise("https://api.groq.com/openai/v1/v1/chat/completions/").base_url
    'https://api.groq.com/openai/v1'
    >>> normalise("https://api.anthropic.com/v1/messages", type_=ProviderType.ANTHROPIC).base_url
    'https://api.anthropic.com'
    """
    is_rooted = ROUTES[type_].is_rooted
    text = text.strip()
    notes: list[AddressNote] = []
    if not text:
        raise InvalidDraft({field: Reason("address_empty", "Enter the provider's address, for example https://api.example.com/v1.")})
    if found := _PLACEHOLDER.search(text):
        reason = Reason("address_placeholder", "Replace {part} in the address with your own value.", part=found[0])
        raise InvalidDraft({field: reason})
    if "://" not in text:
        notes.append(AddressNote.SCHEME_ADDED)
        text = ("http://" if _looks_local(text) else "https://") + text
    url = _parse(text, field)
    path = url.path.rstrip("/")
    if (trimmed := (_VENDORS_PATH if is_rooted else _TASK_PATH).sub("", path)) != path:
        notes.append(AddressNote.ROOT_KEPT if is_rooted else AddressNote.PATH_TRIMMED)
        path = trimmed.rstrip("/")
    if (single := _DOUBLED.sub(r"\1", path)) != path:
        notes.append(AddressNote.VERSION_DOUBLED)
        path = single
    origin = origin_of(url)
    root = origin.removesuffix({"http": ":80", "https": ":443"}[url.scheme])
    if not path and root != known and not at_root and not is_rooted:
        notes.append(AddressNote.VERSION_ADDED)
        path = "/v1"
    return Address(root + str(URL.build(path=path)) if path else root, origin, tuple(notes))


def origin_of(url: URL | str) -> str:
    """Canonical origin with an explicit port: what a credential is bound to.

    >>> origin_of("https://API.Example.com./v1")
    'https://api.example.com:443'
    """
    url = _read(url) if isinstance(url, str) else url
    host = (url.raw_host or "").lower().rstrip(".")
    host = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{host}:{url.port}"


def is_ip(host: str) -> bool:
    """Whether the host is a literal address and needs no look-up."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def wrong_url(text: str) -> Reason | None:
    """Why a text is not the address of a server, path included, None when it is."""
    try:
        _parse(text, "")
    except InvalidDraft as error:
        why = next(iter(error.reasons.values()))
        return why if isinstance(why, Reason) else Reason("not_allowed", "This value is not allowed.")
    return None


def looks_local(origin: str) -> bool:
    """Whether the address itself says that it is on the reader's own machine or network; names are not looked up."""
    return _looks_local(origin.split("://", 1)[-1])


def _parse(text: str, field: str) -> URL:
    def refuse(code: str, why: str, **values: object) -> InvalidDraft:
        return InvalidDraft({field: Reason(code, why, **values)})

    if len(text) > LONGEST:
        raise refuse("address_long", "This address is too long. Use at most {most} characters.", most=LONGEST)
    if any(ord(c) <= 32 or ord(c) == 127 for c in text):
        raise refuse("address_blanks", "An address cannot contain spaces or control characters. Check the pasted text.")
    try:
        url = _read(text)
        host, port = url.host, url.port
    except ValueError:
        raise refuse("address_invalid", "This is not a valid address. It should look like https://api.example.com/v1.") from None
    if url.scheme not in ("http", "https"):
        raise refuse("address_scheme", "The address must start with https:// or http://.")
    if not host or not port:
        raise refuse("address_host", "The address has no host name. It should look like https://api.example.com/v1.")
    if url.user is not None or url.password is not None or "@" in text.split("/", 3)[2]:
        raise refuse("address_user", "Remove the user name or password from the address and enter the key in its own field.")
    if url.raw_fragment or text.endswith("#"):
        raise refuse("address_fragment", "Remove the part after # from the address.")
    if url.raw_query_string or "?" in text:
        raise refuse("address_query", "Remove the part after ? from the address.")
    if not 1 <= port <= 65_535:
        raise refuse("address_port", "The port must be between 1 and 65535.")
    return url


def _read(text: str) -> URL:
    """yarl's reading of a text. Raises `ValueError` for whatever it stumbles over."""
    try:
        return URL(text)
    except IndexError:
        raise ValueError("not an address") from None


def _looks_local(text: str) -> bool:
    host = text.split("/", 1)[0].rsplit(":", 1)[0].strip("[]")
    if host in ("localhost", "host.docker.internal"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_loopback
