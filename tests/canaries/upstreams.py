"""Providers that keep everything they are sent: one that behaves, and one that says the key back in every way it can."""

import base64
import gzip
import html
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, quote_plus

# What the hostile one does, by the model it is asked for.
WAYS = (
    "error-json", "error-text", "error-html", "error-chunked", "error-401", "error-429", "headers", "reason", "redirect", "names",
    "events", "events-cut", "events-error", "invalid-json", "content-type", "web-page", "packed", "number",
)  # fmt: skip


OWN_HEADER = "X-Canary"  # of the provider that wants its key in a header of its own


@dataclass
class Recorder:
    """A running provider. `heard`: every request, head and body in one; `completion` is what a good answer says."""

    name: str
    completion: str
    elsewhere: str = ""  # where a redirect leads
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"


@contextmanager
def recorder(name: str, completion: str, *, hostile: bool = False, elsewhere: str = "") -> Iterator[Recorder]:
    """Serve on a free port."""
    kept = Recorder(name, completion, elsewhere)
    kind = type("Handler", (_Hostile if hostile else _Good,), {"kept": kept})
    server = _Quiet(("127.0.0.1", 0), kind)
    kept.port = server.server_port
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A caller that hangs up is part of the game."""


class _Good(BaseHTTPRequestHandler):
    kept: Recorder
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.read()
        self.models()

    def do_POST(self) -> None:
        asked = json.loads(self.read())
        self.chat(asked)

    def read(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.kept.heard.append(f"{self.requestline}\n{self.headers}\n".encode() + body)
        return body

    def models(self) -> None:
        self.say(200, json.dumps({"data": [{"id": "good-small"}, {"id": "good-large"}]}))

    def chat(self, asked: dict[str, Any]) -> None:
        # What applications ask for is theirs alone; what a test is answered is kept and shown.
        text = "OK" if "Reply with the single word OK" in str(asked) else self.kept.completion
        if asked.get("stream"):
            self.say(200, events(text), kind="text/event-stream")
        else:
            self.say(200, whole(text))

    def say(self, status: int, body: str | bytes, *, kind: str = "application/json", reason: str = "OK", **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status, reason)
        for name, value in {"content-type": kind, "content-length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Hostile(_Good):
    def models(self) -> None:
        self.say(200, json.dumps({"data": [{"id": "small"}, *[{"id": form} for form in exact(self.key)]]}))

    @property
    def key(self) -> str:
        sent = next((found for name in ("authorization", "x-api-key", OWN_HEADER) if (found := self.headers.get(name))), "nothing-was-sent")
        return sent.removeprefix("Bearer ").removeprefix("Token ")

    def chat(self, asked: dict[str, Any]) -> None:
        way = asked["model"]
        if asked.get("stream") and way not in ("events-cut", "events-error", "redirect") and not way.startswith("error"):
            way = "events"
        getattr(self, "way_" + way.replace("-", "_"), self.way_whole)()

    def way_whole(self) -> None:
        self.say(200, whole(" ".join(exact(self.key))))

    def way_error_json(self) -> None:
        said = " ".join(exact(self.key) + worn(self.key))
        self.say(
            400,
            json.dumps({"error": {"message": f"Incorrect API key provided: {said}", "type": self.key, "code": self.key, "param": said}}),
        )

    def way_error_text(self) -> None:
        self.say(500, f"key {' '.join(exact(self.key) + worn(self.key))}", kind="text/plain")

    def way_error_html(self) -> None:
        self.say(502, f"<html><title>{html.escape(self.key)}</title><body>{' '.join(worn(self.key))}</body></html>", kind="text/html")

    def way_error_401(self) -> None:
        self.say(
            401,
            json.dumps({"error": {"message": " ".join(exact(self.key) + worn(self.key))}}),
            www_authenticate=f'Bearer realm="{self.line}"',
        )

    def way_error_429(self) -> None:
        self.say(429, json.dumps({"error": {"message": self.key, "code": "insufficient_quota"}}), retry_after=self.line)

    def way_error_chunked(self) -> None:
        text = json.dumps({"error": {"message": " ".join(exact(self.key))}}).encode()
        self.pieces(400, text, "application/json")

    def way_headers(self) -> None:
        named = {f"x-ratelimit-{n}": form for n, form in enumerate(exact(self.line))}
        self.say(200, whole("fine"), x_request_id=self.line, x_echo=self.line, set_cookie=f"k={quote(self.key)}", **named)

    def way_reason(self) -> None:
        self.say(400, "{}", reason=self.line)

    def way_redirect(self) -> None:
        self.say(307, "", location=f"{self.kept.elsewhere}/v1/{quote(self.key, safe='')}?key={quote(self.key)}")

    def way_names(self) -> None:
        body = json.loads(whole("fine"))
        body |= {"model": self.key, "id": self.key, "system_fingerprint": " ".join(exact(self.key)), self.key: self.key}
        self.say(200, json.dumps(body))

    def way_events(self) -> None:
        self.pieces(200, events(" ".join(exact(self.key))), "text/event-stream")

    def way_events_cut(self) -> None:
        self.pieces(200, events(self.key)[:-40], "text/event-stream")

    def way_events_error(self) -> None:
        said = {"error": {"message": " ".join(exact(self.key)), "code": self.key}}
        self.pieces(200, b"event: error\ndata: " + json.dumps(said).encode() + b"\n\n", "text/event-stream")

    def way_invalid_json(self) -> None:
        self.say(200, f'{{"choices": [{{"message": "{" ".join(exact(self.key))}')

    def way_content_type(self) -> None:
        self.say(200, whole("fine"), kind=f"application/json; key={quote(self.key)}")

    def way_web_page(self) -> None:
        self.say(200, f"<html><title>{html.escape(self.key)}</title></html>", kind="text/html")

    def way_packed(self) -> None:
        self.say(400, gzip.compress(json.dumps({"error": {"message": self.key}}).encode()), content_encoding="gzip")

    def way_number(self) -> None:
        self.say(200, json.dumps([self.key, {"detail": exact(self.key)}]))

    @property
    def line(self) -> str:
        """The key as a header can carry it."""
        return self.key.replace("\\", "").strip()

    def pieces(self, status: int, text: bytes, kind: str) -> None:
        """In small chunks, so that a key lies across several reads."""
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for start in range(0, len(text), 7):
            piece = text[start : start + 7]
            self.wfile.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")


def whole(text: str) -> str:
    """A chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return json.dumps(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": {"total_tokens": 3}}
    )


def events(text: str) -> bytes:
    """A stream that says the text a word an event: a word that is split over two events nobody could put together."""
    parts = [*((f"{word} ", None) for word in text.split(" ")), ("", "stop")]
    lines = [{"id": "c", "choices": [{"index": 0, "delta": {"content": part}, "finish_reason": end}]} for part, end in parts]
    return b"".join(b"data: " + json.dumps(line).encode() + b"\n\n" for line in lines) + b"data: [DONE]\n\n"


def exact(key: str) -> list[str]:
    """The key in the spellings that machines make by themselves."""
    raw = key.encode()
    based = [base64.b64encode(before + raw).decode() for before in (b"", b"Bearer ", b"u:", b"abc")]
    return [key, *based, base64.urlsafe_b64encode(raw).decode(), raw.hex(), quote(key, safe=""), quote_plus(key), html.escape(key)]


def worn(key: str) -> list[str]:
    """The key as error texts wear it: in another case, in part, behind a mask."""
    return [key.upper(), key.lower(), key[:14], key[-14:], f"{key[:8]}********{key[-6:]}", key.encode().hex().upper()]
