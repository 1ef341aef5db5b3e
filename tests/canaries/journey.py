"""A long way through the product by REST, gateway, forms and command line. What comes back is evidence."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.canaries.evidence import Evidence
from tests.canaries.upstreams import OWN_HEADER, WAYS, Recorder
from tests.fixtures.running import ENVIRONMENT, ROOT, Patchbay, until

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("provider", "list", "--json"),
    ("client-key", "list", "--json"),
    ("user", "list", "--json"),
    ("audit", "export"),
    ("audit", "export", "--format", "csv"),
    ("audit", "verify", "--json"),
    ("master-key", "list", "--json"),
    ("doctor", "--json"),
    ("openapi",),
    ("user", "disable", "carl@example.org"),
)

HOSTILE = ("hostile", "hostile-odd", "hostile-header", "hostile-native")


class Journey:
    """`secrets`: name → secret, the planted ones and those that the product makes on the way. The `…_key` are whole client keys."""

    gateway_key = read_key = admin_key = ""

    def __init__(self, server: Patchbay, evidence: Evidence, secrets: dict[str, str], good: Recorder, hostile: Recorder) -> None:
        self.server, self.evidence, self.secrets = server, evidence, secrets
        self.good, self.hostile = good, hostile
        self.key_of: dict[str, str] = {}  # name of a planted key → origin it was entered for

    def heard(self, answer: httpx.Response) -> None:
        """Keep an answer as evidence: status, headers, body."""
        answer.read()
        lines = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())
        request = answer.request
        is_gateway = request.url.path.startswith("/v1/")
        asked = re.match(rb'\{"model":\s?"([^"]+)"', request.content) if is_gateway else None
        place = f"{request.method} {request.url.path} {answer.status_code}" + (f" of {asked[1].decode()}" if asked else "")
        sink = "answers of the gateway" if is_gateway else "answers of REST and forms"
        self.evidence.add(sink, place, f"{answer.status_code} {answer.reason_phrase}\n{lines}\n\n".encode() + answer.content)

    def client(self, **headers: str) -> httpx.Client:
        """Whose answers are evidence."""
        return httpx.Client(base_url=self.server.url, headers=headers, event_hooks={"response": [self.heard]}, timeout=30)

    # forms

    def post(self, path: str, cookie: str = "", /, **form: str) -> httpx.Response:
        headers = {"origin": self.server.url} | ({"cookie": f"__Host-pb={cookie}"} if cookie else {})
        with self.client(**headers) as browser:
            return browser.post(path, data=form)

    def set_up(self) -> None:
        """The first admin, after everything that can go wrong."""
        token = self.secrets["set-up token"] = self.server.setup_link().split("#")[1]
        ada = {"name": "Ada", "email": "ada@example.org"}
        self.post("/auth/setup", token=token, password="aaaaaaaaaaaa", **ada)
        self.post("/auth/setup", token="wrong" + token[5:], password=self.secrets["password of the admin"], **ada)
        self.post("/auth/setup", token=token, password=self.secrets["password of the admin"], name="Ada", email="no address")
        self.keep_cookie("set-up", self.post("/auth/setup", token=token, password=self.secrets["password of the admin"], **ada))
        self.post("/auth/setup", token=token, password=self.secrets["password of the admin"], **ada)

    def keep_cookie(self, name: str, answer: httpx.Response) -> str:
        found = re.search(r"__Host-pb=([^;]{20,})", answer.headers.get("set-cookie", ""))
        assert found, f"{name}: {answer.status_code} {answer.headers}"
        self.secrets[f"session cookie, {name}"] = found[1]
        return found[1]

    def sign_in(self, email: str, password: str, name: str) -> tuple[str, str]:
        """(cookie, CSRF token)."""
        cookie = self.keep_cookie(name, self.post("/auth/login", email=email, password=password))
        with self.client(cookie=f"__Host-pb={cookie}") as browser:
            token = browser.get("/api/v1/session").json()["csrf_token"]
        self.secrets[f"CSRF token, {name}"] = token
        return cookie, token

    def sign_in_wrongly(self) -> None:
        self.post("/auth/login", email="ada@example.org", password=self.secrets["password, wrong"])
        self.post("/auth/login", email="nobody@example.org", password=self.secrets["password, wrong"])
        self.post("/auth/login", email=self.secrets["password, in the e-mail field"], password="x")
        self.post("/auth/login", self.secrets["session cookie, unknown"], email="ada@example.org", password="")

    # REST

    def administer(self) -> None:
        """Everything an admin does with a session, then the same mistakes that people make."""
        cookie, csrf = self.sign_in("ada@example.org", self.secrets["password of the admin"], "admin")
        with self.client(cookie=f"__Host-pb={cookie}", **{"x-csrf-token": csrf, "sec-fetch-site": "same-origin"}) as api:
            for scope in ("gateway", "read", "admin"):
                issued = api.post("/api/v1/client-keys", json={"name": scope, "scope": scope}).json()["key"]
                self.secrets[f"client key, {scope}"] = issued.split("-", 2)[2]
                setattr(self, f"{scope}_key", issued)
            self.add_providers(api)
            self.change_providers(api)
            self.turn_keys(api)
            self.make_mistakes(api)
            person = {"email": "vera@example.org", "name": "Vera", "role": "viewer", "password": self.secrets["password of the viewer"]}
            api.post("/api/v1/users", json=person)
            api.post("/api/v1/users", json=person)
            self.look_around(api)
        self.post("/auth/logout", cookie)

    def create(self, api: httpx.Client, name: str, key: str, upstream: Recorder, **more: Any) -> httpx.Response:
        fields = {"name": name, "base_url": upstream.base_url, "credential": {"secret": {"api_key": self.secrets[key]}}, **more}
        return api.post("/api/v1/providers", json=fields)

    def add_providers(self, api: httpx.Client) -> None:
        for name, key in (("short", "short"), ("long", "long"), ("odd", "odd"), ("turned", "deleted")):
            made = self.create(api, name, f"provider key, {key}", self.good, default_model="good-small")
            self.key_of[f"provider key, {key}"] = self.good.origin
            assert made.status_code == 201, made.text
        for name, key in (("hostile", "hostile"), ("hostile-odd", "hostile and odd")):
            made = self.create(api, name, f"provider key, {key}", self.hostile, default_model="small")
            self.key_of[f"provider key, {key}"] = self.hostile.origin
            assert made.status_code == 201, made.text
        self.create(api, "crash", "provider key, crashed", self.good)
        self.add_unlike_openai(api)

    def add_unlike_openai(self, api: httpx.Client) -> None:
        """One that signs in with a header of its own, one that is spoken to through the translator."""
        header, native = "provider key, in its own header", "provider key, translated"
        self.key_of |= {header: self.hostile.origin, native: self.hostile.origin}
        own = {
            "auth_type": "custom_header",
            "auth": {"header_name": OWN_HEADER},
            "credential": {"secret": {"header_value": self.secrets[header]}},
        }
        translated = {"type": "anthropic", "base_url": self.hostile.origin}
        for name, key, fields in (("hostile-header", header, own), ("hostile-native", native, translated)):
            made = self.create(api, name, key, self.hostile, **fields)
            assert made.status_code == 201, made.text

    def change_providers(self, api: httpx.Client) -> None:
        at = "/api/v1/providers"
        with self.client(authorization=f"Bearer {self.gateway_key}") as app:
            app.post("/v1/chat/completions", json={"model": "turned/good-small", "messages": []})
        self.key_of["provider key, rotated"] = self.good.origin
        api.patch(f"{at}/turned", json={"credential": {"secret": {"api_key": self.secrets["provider key, rotated"]}}})
        api.patch(f"{at}/long", json={"label": "Long", "tags": ["eu"]})
        api.patch(f"{at}/long", json={"base_url": self.hostile.base_url})  # the key stays behind: refused
        api.put(f"{at}/long", json={"base_url": self.hostile.base_url, "auth_type": "api_key"})
        self.key_of["provider key, of a draft"] = self.good.origin
        draft = {
            "name": "drafted",
            "base_url": self.good.base_url,
            "credential": {"secret": {"api_key": self.secrets["provider key, of a draft"]}},
        }
        api.post(f"{at}/validate", json=draft)
        api.post(f"{at}/test", json=draft)
        api.post(f"{at}/test", json={"base_url": self.hostile.base_url, "provider_name": "long"})  # the stored key stays at home
        api.post(f"{at}/short/default")
        api.post(f"{at}/hostile/models/sync", json={"add": list(WAYS)})
        api.delete(f"{at}/turned")
        api.post(f"{at}/turned/restore")
        api.post(f"{at}/odd/disable")
        api.post(f"{at}/odd/enable")

    def turn_keys(self, api: httpx.Client) -> None:
        """Several keys of one provider: added at once, read from elsewhere, replaced, each used once by a test of its own."""
        named = {name: f"provider key, {name}" for name in ("first of many", "second of many", "turned in", "of a variable")}
        first, second, turned, _ = (self.secrets[key] for key in named.values())
        self.key_of |= dict.fromkeys(named.values(), self.good.origin)
        self.create(api, "many", named["first of many"], self.good, default_model="good-small")
        at = "/api/v1/providers/many/credentials"
        lines = api.post(f"{at}/paste", json={"keys": f"{second}\n{first}\n{first[:9]}••••\n{second}\u200b"}).json()["items"]
        assert [line["code"] for line in lines] == ["", "duplicate_key", "masked_secret", "secret_characters"]
        there = api.post(at, json={"reference": {"api_key": {"env": "PATCHBAY_SECRET_CANARY"}}}).json()
        assert there["resolves"], there
        old = api.get(at).json()["items"][0]["id"]
        new = api.post(f"/api/v1/credentials/{old}/rotate", json={"secret": {"api_key": turned}}).json()["id"]
        for key_id in (old, lines[0]["credential"]["id"], there["id"], new):
            tested = api.post(f"/api/v1/credentials/{key_id}/test", json={"depth": "models"}).json()
            assert tested["ok"], tested
        for step in ("promote", "rollback", "promote"):
            api.post(f"/api/v1/credentials/{new}/{step}", json={"keep_hours": 0} if step == "promote" else None)
        api.patch(f"/api/v1/credentials/{new}", json={"secret": {"api_key": first}, "label": turned, "state": turned})
        api.post(f"/api/v1/credentials/{new}/rotate", json={"replaces": turned, "secret": {"api_key": [turned]}})
        api.get(at)

    def probe(self, provider: str, ways: Sequence[str]) -> None:
        """Test a provider in every depth and with these models. By a key of its own: a person may test 30 times a minute."""
        with self.client(authorization=f"Bearer {self.admin_key}") as api:
            key = api.post("/api/v1/client-keys", json={"name": f"probing {provider}", "scope": "admin"}).json()["key"]
        self.secrets[f"client key, probing {provider}"] = key.split("-", 2)[2]
        with self.client(authorization=f"Bearer {key}") as api:
            at = f"/api/v1/providers/{provider}"
            answers = [api.post(f"{at}/test", json={"depth": depth}) for depth in ("models", "stream")]
            answers += [api.post(f"{at}/test", json={"model": way}) for way in ways]
            answers.append(api.post(f"{at}/models/discover"))
            assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]

    def make_mistakes(self, api: httpx.Client) -> None:
        """A secret where it does not belong is never said back."""
        at, stray = "/api/v1/providers", self.secrets["provider key, in a wrong field"]
        wrong: list[dict[str, Any]] = [
            {"name": stray, "base_url": self.good.base_url},
            {"name": "w", "base_url": stray},
            {"name": "w", "base_url": f"https://user:{stray}@example.com/v1"},
            {"name": "w", "base_url": self.good.base_url, "api_key": stray},
            {"name": "w", "base_url": self.good.base_url, stray: "x"},
            {"name": "w", "base_url": self.good.base_url, "type": stray},
            {"name": "w", "base_url": self.good.base_url, "auth_type": stray},
            {"name": "w", "base_url": self.good.base_url, "preset": stray},
            {"name": "w", "base_url": self.good.base_url, "credential": stray},
            {"name": "w", "base_url": self.good.base_url, "credential": {"secret": {stray: stray}}},
            {"name": "w", "base_url": self.good.base_url, "credential": {"secret": {"api_key": [stray]}}},
            {"name": "w", "base_url": self.good.base_url, "credential": {"secret": stray}},
            {"name": "w", "base_url": self.good.base_url, "credential": {"secret": {"api_key": f"{stray[:30]}••••"}}},
            {"name": "w", "base_url": self.good.base_url, "credential": {"secret": {"api_key": self.secrets["provider key, refused"]}}},
            {"name": "w", "base_url": self.good.base_url, "network": {"connect_seconds": stray}},
        ]
        for body in wrong:
            for path in (at, f"{at}/validate", f"{at}/test"):
                answer = api.post(path, json=body)
                assert answer.status_code < 500, (path, answer.text)
            api.patch(f"{at}/short", json={k: v for k, v in body.items() if k != "name"})
        api.post(at, content=f'{{"name": "{stray}'.encode(), headers={"content-type": "application/json"})
        api.post(at, content=stray.encode(), headers={"content-type": "text/plain"})
        api.post("/api/v1/users", json={"email": "x@example.org", "name": "X", "password": [self.secrets["password, new"]]})
        api.post("/api/v1/users", json={"email": "x@example.org", "name": "X", "role": self.secrets["password, new"], "password": "x"})
        api.post("/api/v1/client-keys", json={"name": "x", "scope": stray, stray: 1})
        for path in (f"{at}?status={stray}", f"{at}?limit={stray}", "/api/v1/nothing", "/v1/nothing", "/auth/nothing"):
            api.get(path)
        api.get("/api/v1/session", headers={"x-csrf-token": self.secrets["CSRF token, admin"], "x-request-id": "short"})

    def look_around(self, api: httpx.Client) -> None:
        """Everything there is to read."""
        provider = "providers/hostile"
        paths = (
            "providers", provider, f"{provider}/models", f"{provider}/audit", "providers/odd", "providers/presets", "client-keys", "users",
            "providers/registry-status", "audit?limit=100", "audit/verify", "audit/export", "audit/export?format=csv", "openapi.json",
        )  # fmt: skip
        for path in paths:
            answer = api.get(f"/api/v1/{path}")
            assert answer.status_code == 200, (path, answer.text)
        for path in ("/health/live", "/health/ready"):
            api.get(path)

    def look_as(self, email: str, password: str, name: str) -> None:
        """What somebody with less rights gets."""
        cookie, csrf = self.sign_in(email, password, name)
        with self.client(cookie=f"__Host-pb={cookie}", **{"x-csrf-token": csrf, "sec-fetch-site": "same-origin"}) as api:
            for path in ("providers", "client-keys", "users", "audit", "audit/export"):
                api.get(f"/api/v1/{path}")
            self.create(api, "no", "provider key, in a wrong field", self.good)
        with self.client(authorization=f"Bearer pb-aaaaaaaaaaaa-{self.secrets['client key, unknown']}") as stranger:
            stranger.get("/api/v1/providers")
            stranger.post("/v1/chat/completions", json={"model": "short/good-small"})

    # gateway

    def use(self) -> None:
        """Applications: answers, streams and every misbehaviour of a hostile provider, with a plain and an odd key."""
        prompt = [{"role": "user", "content": self.secrets["prompt"]}]
        models = ["short/good-small", "long/good-small", "odd/good-small", "turned/good-small", "no/such", "default", "crash-here/x"]
        models += [f"{name}/{way}" for name in HOSTILE for way in WAYS]
        with self.client(authorization=f"Bearer {self.gateway_key}") as app:
            for model in models:
                for stream in (False, True):
                    asked = {"model": model, "messages": prompt, "stream": stream}
                    try:
                        app.post("/v1/chat/completions", json=asked)
                    except httpx.RemoteProtocolError:
                        assert stream  # a stream that is cut off ends without its end
            app.get("/v1/models")
            app.post("/v1/embeddings", json={"model": "hostile/small", "input": self.secrets["prompt"]})
            app.post("/v1/chat/completions", content=b'{"model": "' + self.secrets["prompt"].encode())
            app.get("/api/v1/providers")
        with self.client(authorization=f"Bearer {self.admin_key}") as app:
            app.post("/v1/chat/completions", json={"model": "short/good-small", "messages": prompt})
            app.get("/api/v1/providers")
        with self.client(**{"x-api-key": self.read_key, "authorization": f"Bearer {self.gateway_key}"}) as app:
            app.get("/v1/models")
            app.get("/api/v1/providers")

    # command line

    def command(self, *words: str, stdin: str | None = None, watch: bool = False) -> str:
        """A command of the shell; both of its outputs are evidence. `watch`: so is how it looks from outside while it runs."""
        running = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *words, "--data-dir", str(self.server.data)],
            cwd=ROOT, env={**ENVIRONMENT, **self.server.environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert running.stdin
        if watch:
            running.stdin.write((stdin or "").encode())
            running.stdin.flush()
            until("started", lambda: b"app.cli" in Path(f"/proc/{running.pid}/cmdline").read_bytes(), 5)
            self.evidence.add_processes("processes", running.pid)
            stdin = ""
        out, err = running.communicate((stdin or "").encode(), timeout=60)
        place = "patchbay " + " ".join(words)
        self.evidence.add("output of commands", place, b"\n".join((out, err)))
        return out.decode()

    def commands(self, *calls: tuple[str | None, int, tuple[str, ...]]) -> list[str]:
        """Many commands in one process: (stdin, exit code that is expected, words). Returns what each wrote to stdout."""
        data = ("--data-dir", str(self.server.data))
        asked = [{"words": [*words, *(data if words[0] != "openapi" else ())], "stdin": stdin or ""} for stdin, _, words in calls]
        done = subprocess.run(
            [sys.executable, "-m", "tests.canaries.commands"], cwd=ROOT, env={**ENVIRONMENT, **self.server.environment},
            input=json.dumps(asked).encode(), capture_output=True, timeout=100, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        self.evidence.add("output of commands", "beside", done.stderr)
        answers = json.loads(done.stdout)
        for (_, code, words), answer in zip(calls, answers, strict=True):
            self.evidence.add("output of commands", "patchbay " + " ".join(words), f"{answer['out']}\n{answer['err']}")
            assert answer["code"] == code, (words, answer)
        return [answer["out"] for answer in answers]

    def operate(self) -> None:
        """The command line."""
        self.key_of["provider key, by hand"] = self.good.origin
        secrets, add = self.secrets, ("--base-url", self.good.base_url, "--model", "good-small", "--secret-stdin", "--json")
        self.command("provider", "add", "byhand", *add, stdin=secrets["provider key, by hand"], watch=True)
        issued, *_ = self.commands(
            (None, 0, ("client-key", "add", "shell", "--json")),
            (secrets["password by hand"], 0, ("user", "add", "carl@example.org", "--password-stdin")),
            (secrets["provider key, refused"], 1, ("provider", "add", "bad", *add)),
            (secrets["provider key, crashed"], 1, ("provider", "add", "crash", *add)),
            (secrets["password, new"], 0, ("user", "reset", "carl@example.org", "--password-stdin")),
            (None, 5, ("provider", "test", "hostile", "--model", "error-json", "--json")),
            (None, 0, ("provider", "test", "byhand")),
            *[(None, 0, words) for words in COMMANDS],
        )
        self.secrets["client key, shell"] = json.loads(issued)["key"].split("-", 2)[2]

    def boot_with_a_wrong_key(self, folder: Path) -> None:
        """A copy of the data under another master key: the start is refused, and says nothing of either key."""
        other = "d3Jvbmcta2V5LXdyb25nLWtleS13cm9uZy1rZXktMTI="
        self.secrets["master key, wrong"] = other
        before, self.server.environment = self.server.environment, {**self.server.environment, "PATCHBAY_MASTER_KEY": other}
        data, self.server.data = self.server.data, folder
        try:
            (folder / "keys").mkdir(mode=0o700, parents=True)
            folder.chmod(0o700)
            (folder / "patchbay.db").write_bytes((data / "patchbay.db").read_bytes())
            self.commands((None, 78, ("serve", "--no-browser", "--port", "18")), (None, 78, ("provider", "list")), (None, 5, ("doctor",)))
        finally:
            self.server.data, self.server.environment = data, before
