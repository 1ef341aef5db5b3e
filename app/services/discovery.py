"""Finding model servers from where this Patchbay stands: on request, a few known ports, no key, nothing approved by it."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from yarl import URL

from app import presets, settings
from app.domain.actor import Actor
from app.domain.audit import Action
from app.domain.error_kind import EgressReason
from app.domain.errors import UpstreamError
from app.domain.providers.address import normalise, origin_of
from app.domain.providers.discovery import Discovery, FoundServer
from app.domain.providers.preset import Preset
from app.probe import requests
from app.relay import rate_limit
from app.storage import approvals, providers
from app.storage.database import engine
from app.storage.work import work
from app.upstream import egress, unauthenticated_get

SEARCHES_PER_MINUTE = 6
SECONDS = 3.0
AT_ONCE = 16
# 8 hosts × 6 ports, 16 at a time, 1 s each: within the 3 s even when nothing there answers.
MOST_HOSTS = 8
MOST_ADDRESSES = 48
_HERE = "localhost"
_CONTAINER_HOST = "host.docker.internal"
_LOOPBACK = frozenset({_HERE, "127.0.0.1", "::1"})
_PATH = "/v1"  # every local server known to us has its API there


async def find(actor: Actor, *, known: Sequence[Preset] | None = None) -> Discovery:
    """Look for model servers on this machine, on `host.docker.internal` and on the hosts of approved origins.

    `known` are the presets whose ports are asked, the shipped local ones unless given. Sends no key and approves nothing.
    Raises `Forbidden`, `TooManyAttempts`, `EgressRefused` where local addresses are switched off.
    """
    actor.must_admin()
    if settings.current().egress_local == "off":
        raise egress.refusal(EgressReason.LOCAL_OFF, "")
    rate_limit.count(actor.id, kind="search", most=SEARCHES_PER_MINUTE)
    ends = asyncio.get_running_loop().time() + SECONDS
    known = [p for p in (presets.all_() if known is None else known) if p.local]
    async with engine.session() as session:
        approved = sorted(await approvals.origins(session))
        taken = {_same(origin): name for name, origin in await providers.addresses(session)}
    hosts = [_HERE, *([_CONTAINER_HOST] if await unauthenticated_get.resolves(_CONTAINER_HOST) else [])]
    hosts = _hosts(hosts, approved)
    found = await _search(_origins(hosts, approved, known), known, ends=ends)
    servers = tuple(replace(server, provider=taken.get(_same(server.base_url))) for server in _distinct(found))
    async with work(actor) as doing:
        changes = {"hosts": hosts, "count": len(servers)}
        doing.record(Action.DISCOVERY_LOCAL, target=("discovery", "", _HERE), changes=changes)
    return Discovery(servers, tuple(hosts))


@dataclass(frozen=True, slots=True)
class _Search:
    """One search. `free` keeps the number of open questions small, whatever there is to ask."""

    known: Sequence[Preset]
    free: asyncio.Semaphore

    async def look(self, origin: str) -> FoundServer | None:
        """What answers at an origin like a model server, or None."""
        listing = await self._get(origin, f"{_PATH}/models")
        if listing is None:
            return None
        models = _listed(listing.body)
        preset = await self._recognised(origin)
        if preset is None and models is None:
            return None  # a web server, or one that wants a key and does not say what it is: another Patchbay, for example
        label = preset.label if preset else ""
        return FoundServer(preset.id if preset else None, label, normalise(origin + _PATH).base_url, tuple(models or ()), None)

    async def _recognised(self, origin: str) -> Preset | None:
        """The preset whose fingerprint fits; one that usually listens at this port goes before the others."""
        port = URL(origin).port
        asked = [p for p in self.known if p.fingerprint]
        answers = await asyncio.gather(*(self._shows(origin, p) for p in asked))
        fitting = [p for p, fits in zip(asked, answers, strict=True) if fits]
        return min(fitting, key=lambda p: port not in _ports(p), default=None)

    async def _shows(self, origin: str, preset: Preset) -> bool:
        mark = preset.fingerprint
        heard = await self._get(origin, mark.path) if mark else None
        return bool(mark and heard and re.search(mark.pattern.encode(), heard.body))

    async def _get(self, origin: str, path: str) -> unauthenticated_get.HttpAnswer | None:
        async with self.free:
            return await unauthenticated_get.get(origin, path)


async def _search(origins: Sequence[str], known: Sequence[Preset], *, ends: float) -> list[FoundServer]:
    """Everything found in time, in the order of the origins. `ends` as the loop counts time."""
    if not origins:
        return []
    search = _Search(known, asyncio.Semaphore(AT_ONCE))
    looking = [asyncio.ensure_future(search.look(origin)) for origin in origins]
    try:
        await asyncio.wait(looking, timeout=max(0.0, ends - asyncio.get_running_loop().time()))
    finally:
        for task in looking:
            task.cancel()
    answers = await asyncio.gather(*looking, return_exceptions=True)
    return [answer for answer in answers if isinstance(answer, FoundServer)]


def _hosts(near: list[str], approved: Iterable[str]) -> list[str]:
    """Where to look, each host once; an approved address of this machine is this machine."""
    far = (URL(origin).host or "" for origin in approved)
    return list(dict.fromkeys([*near, *(host for host in far if host not in _LOOPBACK)]))[:MOST_HOSTS]


def _origins(hosts: Sequence[str], approved: Sequence[str], known: Sequence[Preset]) -> list[str]:
    """What to ask: approved origins themselves, then every known port of every host."""
    ports = sorted({port for preset in known for port in _ports(preset)})
    own = [f"{u.scheme}://{_HERE}:{u.port}" if (u := URL(o)).host in _LOOPBACK else o for o in approved]
    near = [str(URL.build(scheme="http", host=host, port=port)) for host in hosts for port in ports]
    return list(dict.fromkeys(map(origin_of, own + near)))[:MOST_ADDRESSES]


def _ports(preset: Preset) -> tuple[int, ...]:
    return (*([port] if (port := URL(preset.base_url).port) else []), *preset.ports)


def _listed(body: bytes) -> list[str] | None:
    """The models of a list, None when this is none."""
    try:
        return requests.listed(body)
    except (ValueError, RecursionError, UpstreamError):
        return None


def _distinct(found: list[FoundServer]) -> list[FoundServer]:
    """Without the servers of this machine that `host.docker.internal` shows a second time."""
    here = {(URL(s.base_url).port, s.preset, s.models) for s in found if URL(s.base_url).host == _HERE}
    return [s for s in found if URL(s.base_url).host != _CONTAINER_HOST or (URL(s.base_url).port, s.preset, s.models) not in here]


def _same(address: str) -> str:
    """The origin with one spelling for this machine, to tell whether two addresses mean the same server."""
    url = URL(origin_of(address))
    return str(url.with_host(_HERE)) if url.host in _LOOPBACK else str(url)
