"""What somebody pasted → the providers it speaks of: a key, a cURL command, lines of a .env file, an address.

A secret is never copied out: what is found says where in the text it stands, so that whoever holds the text can take it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from urllib.parse import urlsplit

from app.domain.credentials.secret_rules import is_masked
from app.domain.errors import InvalidDraft
from app.domain.pasting import curl
from app.domain.pasting.pasted import Doubt, Pasted, Source
from app.domain.providers.address import looks_local, normalise, origin_of
from app.domain.providers.drafts import filled
from app.domain.providers.preset import Preset

LONGEST = 100_000  # characters; a .env file is a hundredth of it
MOST = 50  # providers out of one text
_HOLE = re.compile(r"\\\{[a-z_]+\\\}")
_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+|set[ \t]+|\$env:|-[ \t]+|-e[ \t]+)?["']?(?P<name>[A-Za-z_]\w{1,80})["']?"""
    r"""[ \t]*[=:][ \t]*(?P<value>\S.*)$""",
    re.MULTILINE,
)
_AWS = {"access_key_id": re.compile(r"[A-Z0-9]{16,128}"), "region": re.compile(r"[a-z0-9-]{1,40}")}
_USER = re.compile(r"^(\w*://)[^/]*@")  # of an address: it may hold a password
_COMMENT = re.compile(r"\s#")
_BEHIND = " \t,;"  # what stands behind a value in JSON, YAML or a shell
_QUOTED = re.compile(r"""^(["'])(.*?)\1""")
_KEY_NAME = re.compile(r"_?(?:API_?KEY|ACCESS_?TOKEN|API_?TOKEN|AUTH_?TOKEN|SECRET_?KEY|KEY|TOKEN)$", re.IGNORECASE)
_PLACE_NAME = re.compile(r"_?(?:BASE_?URL|API_?BASE|API_?URL|ENDPOINT|HOST|URL)$", re.IGNORECASE)
_MODEL_NAME = re.compile(r"_?(?:DEFAULT_)?MODEL(?:_NAME|_ID)?$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"^[<{$%\[]|your[-_ ]|^x{3,}|\.{3}|^sk-\.*$|[•●]|\*{3}|^changeme|^api[-_ ]?key$", re.IGNORECASE)
_KEY = re.compile(r"[!-~]{8,8192}")
_ADDRESS = re.compile(r"(?:https?://\S+|(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|[\w-]+(?:\.[\w-]+)+):\d{2,5}(?:/\S*)?)")
_CARRIES_KEY = ("x-api-key", "api-key", "x-goog-api-key", "ocp-apim-subscription-key", "x-auth-token", "x-access-token")


def read(text: str, vendors: Sequence[Preset]) -> list[Pasted]:
    """The providers in a text, at most `MOST`, those of variables first; nothing when it makes no sense. `vendors` are the known ones.

    >>> read("hello", [])
    []
    """
    text = text[:LONGEST]
    reader = _Reader(text, vendors)
    if curl.speaks(text):
        return reader.commands()[:MOST]
    if found := reader.service_account():
        return found
    named = reader.variables()
    return [*named, *reader.lines(beside_variables=bool(named))][:MOST]


class _Reader:
    def __init__(self, text: str, vendors: Sequence[Preset]) -> None:
        self._text, self._vendors = text, vendors
        self._by_id = {vendor.id: vendor for vendor in vendors}
        self._by_name = {name: vendor for vendor in reversed(vendors) for name in vendor.env_names}  # the first one wins
        self._by_stem = {_KEY_NAME.sub("", name): vendor for name, vendor in self._by_name.items()}

    def commands(self) -> list[Pasted]:
        """Every cURL command of the text."""
        return [self._command(one) for one in curl.commands(self._text)[:MOST]]

    def variables(self) -> list[Pasted]:
        """Lines that give names to values, gathered by the name they begin with."""
        stems: dict[str, _Variables] = {}
        for line in _LINE.finditer(self._text):
            name, (value, start) = line["name"].upper(), _value(line)
            for kind, pattern in (("key", _KEY_NAME), ("place", _PLACE_NAME), ("model", _MODEL_NAME)):
                if (stem := pattern.sub("", name)) != name:
                    stems.setdefault(stem, _Variables()).take(kind, name, value, start)
                    break
        found = (found for stem, taken in stems.items() if (found := self._variable(stem, taken)))
        return [*islice(found, MOST), *self._access_keys()]

    def service_account(self) -> list[Pasted]:
        """A Google service account's file, whole."""
        text = self._text.strip()
        try:
            said = json.loads(text) if text.startswith("{") else None
        except (ValueError, RecursionError):
            return []
        if not isinstance(said, dict) or said.get("type") != "service_account" or "vertex" not in self._by_id:
            return []
        start = self._text.index(text)
        project = said.get("project_id")
        auth = {"project": project} if isinstance(project, str) and re.fullmatch(r"[\w.:-]{1,100}", project) else {}
        return [Pasted(Source.KEY, "vertex", "", "google_service_account", auth, {"service_account": (start, start + len(text))})]

    def _access_keys(self) -> list[Pasted]:
        """The variables that AWS' own tools read."""
        named = {line["name"].upper(): line for line in _LINE.finditer(self._text) if line["name"].upper().startswith("AWS_")}
        values = {name: _value(line) for name, line in named.items()}
        if not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= values.keys() or "bedrock-converse" not in self._by_id:
            return []
        region = values.get("AWS_REGION", values.get("AWS_DEFAULT_REGION", ("", 0)))[0]
        given = {"access_key_id": values["AWS_ACCESS_KEY_ID"][0], "region": region}
        auth = {field: value for field, value in given.items() if _AWS[field].fullmatch(value)}  # who mixes them up shows no secret
        secrets = {
            field: (start, start + len(value))
            for field, name in (("secret_access_key", "AWS_SECRET_ACCESS_KEY"), ("session_token", "AWS_SESSION_TOKEN"))
            for value, start in [values.get(name, ("", 0))]
            if value and not _PLACEHOLDER.search(value)
        }
        base_url = filled(self._by_id["bedrock-converse"].base_url, auth) if "region" in auth else ""
        found = Pasted(Source.ENV, "bedrock-converse", base_url, "aws_iam", auth, secrets, variable="AWS_ACCESS_KEY_ID")
        return [found if "secret_access_key" in secrets else _doubting(found, Doubt.NO_KEY)]

    def lines(self, *, beside_variables: bool) -> list[Pasted]:
        """A key or an address a line. Beside variables a line that names a value is none of them."""
        found: list[Pasted] = []
        for line in re.finditer(r"\S[^\r\n]*", self._text):
            if len(found) == MOST:
                break
            word = line[0].strip().strip("\"'`,;")
            start = self._text.index(word, line.start()) if word else 0
            if address := _ADDRESS.fullmatch(word):
                found.append(self._at(address[0], Pasted(Source.ADDRESS)))
                continue
            if beside_variables and _LINE.match(line[0]):
                continue
            if bearer := re.match(r"(?:authorization\s*:\s*)?bearer\s+", word, re.IGNORECASE):
                word, start = word[bearer.end() :], start + bearer.end()
            if is_masked(word) and not word.isalpha() and " " not in word:
                owner = self._owner(word)
                found.append(Pasted(Source.KEY, preset=owner.id if owner else None, doubts=(Doubt.MASKED,)))
            elif _KEY.fullmatch(word) and not _PLACEHOLDER.search(word) and (_is_keylike(word) or self._owner(word)):
                found.append(self._keyed(Pasted(Source.KEY), word, start))
        return found

    def _command(self, said: curl.Command) -> Pasted:
        found = self._at(said.url, Pasted(Source.CURL, model=said.model))
        if given := said.headers.get("authorization", ""):
            scheme, _, key = given.rpartition(" ")
            if scheme.lower() in ("bearer", ""):
                return self._keyed(found, key, self._text.find(key))
            return self._headed(found, "Authorization", given)
        for name in _CARRIES_KEY:
            if name in said.headers:
                return self._headed(found, name, said.headers[name])
        if key := said.query("key") or said.query("api_key"):
            return self._keyed(found, key, self._text.find(key))
        needs_none = found.auth_type == "none" or looks_local(_origin(found.base_url))
        return replace(found, auth_type="none") if needs_none else _doubting(found, Doubt.NO_KEY)

    def _variable(self, stem: str, taken: "_Variables") -> Pasted | None:
        vendor = next((vendor for name, *_ in taken.keys if (vendor := self._by_name.get(name))), None) or self._by_stem.get(stem)
        keys = [(name, value, start) for name, value, start in taken.keys if vendor or taken.place or self._owner(value)]
        if not keys and not (taken.place and vendor and vendor.local):
            return None
        found = Pasted(Source.ENV, preset=vendor.id if vendor else None, model=taken.model, variable=keys[0][0] if keys else stem)
        if vendor:
            found = replace(found, auth_type=vendor.auth_type)
        if taken.place:
            found = self._at(taken.place, found)
        if not keys:
            return found
        _, value, start = keys[0]
        return self._keyed(found, value, start)

    def _at(self, url: str, found: Pasted) -> Pasted:
        """`found` at this address: the vendor who lives there, or any address."""
        bare = _USER.sub(r"\1", url.partition("?")[0].partition("#")[0].rstrip("/"))
        bare = bare if "://" in bare else ("http://" if looks_local(f"http://{bare}") or _is_local(bare) else "https://") + bare
        vendor, base = self._neighbour(bare)
        if vendor is not None:
            at_home = "{" not in vendor.base_url and not vendor.local
            return replace(found, preset=vendor.id, auth_type=vendor.auth_type, base_url="" if at_home else base)
        try:
            return replace(found, preset=None, auth_type="api_key", base_url=normalise(bare).base_url)
        except InvalidDraft:
            return _doubting(replace(found, preset=None, auth_type="api_key", base_url=bare), Doubt.ADDRESS)

    def _neighbour(self, url: str) -> tuple[Preset | None, str]:
        """The vendor whose address this is, and the part of it that is the base URL; the longest one that fits."""
        fitting, (host, port), is_local = [], _host_and_port(url), _is_local(url)
        for vendor in self._vendors:
            if vendor.local:
                if is_local and port in (urlsplit(vendor.base_url).port, *vendor.ports):
                    fitting.append((0, vendor, url))
            elif match := re.match(pattern_of(vendor.base_url), url):
                fitting.append((len(match[0]), vendor, match[0]))
            elif "{" not in vendor.base_url and host == urlsplit(vendor.base_url).hostname:
                fitting.append((1, vendor, vendor.base_url))
        if not fitting or (len(fitting) > 1 and all(vendor.local for _, vendor, _ in fitting)):  # two local servers use this port
            return None, ""
        _, vendor, base = max(fitting, key=lambda fit: fit[0])
        if not vendor.local:
            return vendor, base
        try:
            return vendor, normalise(url, known=vendor.base_url).base_url
        except InvalidDraft:
            return None, ""

    def _keyed(self, found: Pasted, key: str, start: int) -> Pasted:
        """`found` with this key at this place of the text."""
        if is_masked(key):
            return _doubting(found, Doubt.MASKED)
        if start < 0 or not _KEY.fullmatch(key) or _PLACEHOLDER.search(key):
            return _doubting(found, Doubt.NO_KEY)
        owner = self._owner(key)
        found = replace(found, auth_type=_with_key(found.auth_type), secrets={"api_key": (start, start + len(key))})
        if found.preset is None and not found.base_url:
            if owner is None:
                return _doubting(found, Doubt.WHICH_VENDOR)
            found = replace(found, preset=owner.id, auth_type=_with_key(owner.auth_type))
            return _doubting(found, Doubt.SHARED_PREFIX) if _is_shared(key, owner) else found
        return found

    def _headed(self, found: Pasted, name: str, value: str) -> Pasted:
        """`found` with a key that travels in a header of its own."""
        if found.preset is not None:
            return self._keyed(found, value, self._text.find(value))
        start = self._text.find(value)
        if is_masked(value) or start < 0 or _PLACEHOLDER.search(value):
            doubt = Doubt.MASKED if is_masked(value) else Doubt.NO_KEY
            return _doubting(replace(found, auth_type="custom_header", auth={"header_name": name}), doubt)
        return replace(found, auth_type="custom_header", auth={"header_name": name}, secrets={"header_value": (start, start + len(value))})

    def _owner(self, key: str) -> Preset | None:
        """The vendor whose keys begin like this one; the longest beginning wins."""
        fitting = [(len(prefix), vendor) for vendor in self._vendors for prefix in vendor.key_prefixes if key.startswith(prefix)]
        return max(fitting, key=lambda fit: fit[0])[1] if fitting else None


class _Variables:
    """Variables that share a beginning."""

    def __init__(self) -> None:
        self.keys: list[tuple[str, str, int]] = []
        self.place, self.model = "", ""

    def take(self, kind: str, name: str, value: str, start: int) -> None:
        if kind == "key":
            self.keys.append((name, value, start))
        elif kind == "place" and _ADDRESS.match(value):
            self.place = self.place or value
        elif kind == "model" and re.fullmatch(r"\S{1,200}", value):
            self.model = self.model or value


def _value(line: re.Match[str]) -> tuple[str, int]:
    """The value of a line and where it begins, without quotes, a comment or a comma behind it."""
    value = line["value"]
    if quoted := _QUOTED.match(value):
        return quoted[2], line.start("value") + 1
    comment = _COMMENT.search(value)
    return value[: comment.start() if comment else None].rstrip().rstrip(_BEHIND), line.start("value")


def _doubting(found: Pasted, doubt: Doubt) -> Pasted:
    return replace(found, doubts=(*found.doubts, doubt))


def _with_key(auth_type: str) -> str:
    """The way to sign in that takes one key, where a vendor offers others as well."""
    return auth_type if auth_type == "azure_key" else "api_key"


def _is_shared(key: str, owner: Preset) -> bool:
    """Whether only the shortest beginning fits, the one that others use as well: `sk-` is OpenAI's, DeepSeek's, Moonshot's …"""
    return max((p for p in owner.key_prefixes if key.startswith(p)), key=len) == "sk-"


def _is_keylike(word: str) -> bool:
    """Long, one word, letters and digits mixed: what no sentence contains."""
    return len(word) >= 20 and any(c.isdigit() for c in word) and any(c.isalpha() for c in word)


def _host_and_port(url: str) -> tuple[str, int | None]:
    """("", None) of what is no address."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port
    except ValueError:
        return "", None


def _is_local(url: str) -> bool:
    return looks_local(_origin(url if "://" in url else f"http://{url}"))


def _origin(url: str) -> str:
    try:
        return origin_of(url)
    except (ValueError, InvalidDraft):
        return ""


def pattern_of(base_url: str) -> str:
    """What an address of a vendor begins with, for any value in the holes of its base URL."""
    return _HOLE.sub("[^/]+?", re.escape(base_url)) + r"(?=/|$)"
