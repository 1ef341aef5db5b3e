"""A request on its way out, as an auth type gets it and gives it back signed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote

from yarl import URL


@dataclass(frozen=True, slots=True, repr=False)
class Outgoing:
    """`url` as it goes out, names of `headers` in lower case, `body` b"" where there is none. Shows nothing of itself: all of it may
    hold a secret."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes = b""

    def with_header(self, name: str, value: str) -> Self:
        """The same with one more header."""
        return replace(self, headers={**self.headers, name.lower(): value})

    def with_query(self, name: str, value: str) -> Self:
        """The same with one more parameter behind the address; nothing else of the address is written anew."""
        return replace(self, url=extended(self.url, f"{quote(name, safe='')}={quote(value, safe='')}"))

    def __repr__(self) -> str:
        return f"Outgoing({self.method} …)"


def extended(url: URL, query: str) -> URL:
    """The address with more of a query, which is encoded already; "" changes nothing."""
    return URL(f"{url}{'&' if url.raw_query_string else '?'}{query}", encoded=True) if query else url
