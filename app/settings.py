"""Every setting, typed, described, defaulted. Read from the environment (`PATCHBAY_…`) and nothing else.

Importing this reads nothing; `current()` reads once.
"""

import difflib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, tzinfo
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PUBLIC_URL = re.compile(
    r"https?://(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?(?:/[A-Za-z0-9._~-]+)*/?", re.IGNORECASE
)
_PAGES = Path(__file__).parent / "ui" / "pages"  # a page is named after the first part of its address
_PREFIX = "PATCHBAY_"
# What says to commands of the shell on which server they work; no setting of a server.
OF_COMMANDS = {"PATCHBAY_URL", "PATCHBAY_KEY_FILE"}
# What a cluster puts into the environment of every container beside a service of that name.
_OF_A_CLUSTER = re.compile(r"PATCHBAY_(\w{1,60}_)?(SERVICE_(HOST|PORT\w{0,60})|PORT_\d{1,5}_(TCP|UDP)\w{0,60})")


@cache
def own_paths() -> frozenset[str]:
    """First parts of our own paths: below one of these a path could not be told from ours."""
    pages = {file.stem.replace("_", "-") for file in _PAGES.iterdir() if not file.stem.startswith("_")}
    return frozenset({"v1", "api", "auth", "health", "assets", "logos", "_event"} | pages)


class Settings(BaseSettings):
    """Bootstrap values. What an admin may change at runtime lives in the database, not here."""

    model_config = SettingsConfigDict(env_prefix="PATCHBAY_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Field(Path("data"), description="Folder of the database, the master key and the lock file.")
    database_url: str = Field(
        "",
        pattern=r"^((sqlite(\+aiosqlite)?|postgres|postgresql(\+\w+)?)://.*)?$",
        repr=False,  # it may hold a password
        description="Empty = SQLite file patchbay.db in the data folder. PostgreSQL 14 or newer: postgresql://user:password@host:5432/name.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8700, ge=1, le=65_535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Processes of patchbay gateway. The console is always one.")
    drain_seconds: int = Field(
        25, ge=0, le=3600, description="How long running responses may continue after the stop signal; then each ends with an error event."
    )
    public_url: str = Field(
        "",
        description="Address that users open, if it is not http://host:port; for example https://llm.example.com or, behind a proxy that "
        "serves other things too, https://example.com/llm.",
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Number of trusted reverse proxies in front, whose X-Forwarded-For headers are used."
    )
    egress_local: str = Field(
        "ask", pattern="^(ask|off)$", description="ask = testing or saving a local address allows it; off = local addresses are rejected."
    )
    own_addresses: str = Field(
        "",
        pattern=r"^(\s*[^\s,/@]+:\d{1,5}\s*(,|$))*$",
        description="host:port of Patchbay's other processes, separated by commas; like its own port they are never called as a provider.",
    )
    master_key: SecretStr | None = Field(None, description="The master key itself (44 characters). Rather use a file.")
    master_keys: SecretStr | None = Field(None, description="Several master keys, separated by commas; the first is active.")
    master_key_file: Path | None = Field(None, description="File holding the master key; default is keys/master.key in the data folder.")
    reference_variables: str = Field(
        "",
        description="More variables that a provider's key may be read from, separated by commas; those named PATCHBAY_SECRET_… always may.",
    )
    reference_folders: str = Field(
        "",
        description="Folders of files that a provider's key may be read from, separated by commas. "
        "Empty = /run/secrets and secrets in the data folder.",
    )
    allow_partial: bool = Field(
        False, description="Start even if the master key of some provider keys is missing; those keys stay unreadable."
    )
    time_zone: str = Field("", description="Time zone in which a day ends, for example Europe/Berlin. Empty = the server's own.")
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="How much is logged; DEBUG adds a line for every request."
    )

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, text: str) -> str:
        """Refuse what is no address, and a path that could not be told from our own."""
        if not text:
            return text
        if not _PUBLIC_URL.fullmatch(text):
            raise ValueError("write https://, a host and at most a port and a path, for example https://llm.example.com")
        if (first := urlsplit(text).path.strip("/").split("/")[0].lower()) in own_paths():
            raise ValueError(f"/{first} is a path of Patchbay's own; choose another path, for example /patchbay")
        return text

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        """Refuse a name that this machine has no rules for."""
        try:
            ZoneInfo(name or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("write the name of a time zone that this machine knows, for example Europe/Berlin or UTC") from None
        return name

    @property
    def zone(self) -> tuple[str, tzinfo]:
        """The time zone of this installation: its name, and its rules."""
        return _zone(self.time_zone)

    @property
    def base_path(self) -> str:
        """Path below which a proxy serves the console, without a slash at its end; "" at the top of a host."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def own_places(self) -> list[tuple[str, int]]:
        """(host, port) of the other processes of this installation."""
        parts = [part.strip().rpartition(":") for part in self.own_addresses.split(",") if part.strip()]
        return [(host.strip("[]"), int(port)) for host, _, port in parts]

    @property
    def url(self) -> str:
        """SQLAlchemy URL with an async driver."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'patchbay.db'}"
        scheme, rest = self.database_url.split("://", 1)
        return f"{'sqlite+aiosqlite' if scheme.startswith('sqlite') else 'postgresql+psycopg'}://{rest}"


@lru_cache(4)
def _zone(name: str) -> tuple[str, tzinfo]:
    """By name, else the one this machine is set to: by TZ, by the link /etc/localtime, at last UTC."""
    linked = os.path.realpath("/etc/localtime").rpartition("zoneinfo/")[2]
    for known in (name, os.environ.get("TZ", "").lstrip(":"), linked):
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            if known:
                return known, ZoneInfo(known)
    return "UTC", UTC


@lru_cache(1)
def current() -> Settings:
    """The settings of this process. Tests call `current.cache_clear()` after changing the environment."""
    return Settings()  # pyright: ignore[reportCallIssue]  # the environment fills the fields


def told(error: ValidationError, around: Mapping[str, str] = os.environ) -> str:
    """What is wrong with the settings, as one sentence that repeats no value."""
    wrong = []
    for each in error.errors(include_url=False, include_input=False):
        name = f"{_PREFIX}{str(each['loc'][0]).upper()}"
        why = each["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        if around.get(name, "").startswith("tcp://"):
            why = "a cluster wrote its own value there; set enableServiceLinks: false for the pod"
        wrong.append(f"{name}: {why[:1].lower()}{why[1:]}")
    return f"A setting is not valid. {'; '.join(wrong)}. .env.example describes each of them."


def unknown(around: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables that look like settings of ours and are none → the one that was meant, "" when that is not clear."""
    known = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields} | OF_COMMANDS
    allowed = {name.strip() for name in around.get("PATCHBAY_REFERENCE_VARIABLES", "").split(",")}
    strange = [
        name
        for name in around
        if name.startswith(_PREFIX)
        and name not in known | allowed
        and not name.startswith("PATCHBAY_SECRET_")
        and not _OF_A_CLUSTER.fullmatch(name)
    ]
    return {name: next(iter(difflib.get_close_matches(name, known, 1, 0.75)), "") for name in sorted(strange)}


def unread(around: Mapping[str, str] = os.environ) -> list[str]:
    """A sentence for each variable that nothing reads."""
    return [
        f"{name} is no setting of Patchbay and is not read." + (f" Did you mean {meant}?" if meant else " .env.example lists all of them.")
        for name, meant in unknown(around).items()
    ]
