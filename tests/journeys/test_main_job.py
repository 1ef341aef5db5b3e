"""From a provider just added to an application's answer, as the operator and the application see it."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import openai
import pytest

from tests.fixtures.running import Patchbay, fakellm, patchbay, until

HELLO = [{"role": "user", "content": "hello"}]


class _Slow(BaseHTTPRequestHandler):
    """Streams the words of its answer 100 ms apart."""

    words = [f"slow-{n} " for n in range(12)]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for word in self.words:
            self.wfile.write(
                b'data: {"id":"s","object":"chat.completion.chunk","created":1,"model":"m",'
                b'"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' % word.encode()
            )
            self.wfile.flush()
            time.sleep(0.1)
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def slow() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fakellm(tmp_path_factory.mktemp("fakellm")) as url:
        yield url


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patchbay]:
    with patchbay(tmp_path_factory.mktemp("patchbay")) as started:
        started.admin()
        yield started


@pytest.fixture
def rest(running: Patchbay) -> Iterator[httpx.Client]:
    with running.rest() as client:
        yield client


@pytest.fixture
def sdk(running: Patchbay) -> Iterator[openai.OpenAI]:
    key = running.run("client-key", "add", "an-app").stdout.strip()
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=key, max_retries=0) as client:
        yield client


def add(rest: httpx.Client, name: str, url: str, **more: object) -> None:
    answer = rest.post("/providers", json={"name": name, "base_url": url, "auth_type": "none", **more})
    assert answer.status_code == 201, answer.text


def test_an_application_is_answered_by_the_provider_just_added(rest: httpx.Client, sdk: openai.OpenAI, other: str) -> None:
    add(rest, "first", other, models=["gpt-4o-mini"], default_model="gpt-4o-mini")
    assert rest.post("/providers/first/default").status_code == 200

    plain = sdk.chat.completions.create(model="first/gpt-4o-mini", messages=HELLO)  # type: ignore[call-overload]
    bare = sdk.chat.completions.create(model="gpt-4o-mini", messages=HELLO)  # type: ignore[call-overload]
    default = sdk.chat.completions.create(model="default", messages=HELLO)  # type: ignore[call-overload]
    streamed = sdk.chat.completions.create(model="first/gpt-4o-mini", messages=HELLO, stream=True)  # type: ignore[call-overload]

    texts = {answer.choices[0].message.content for answer in (plain, bare, default)}
    texts.add("".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices))
    assert texts == {"Hi there, this is fakellm."}
    assert "first/gpt-4o-mini" in [model.id for model in sdk.models.list()]
    assert sdk.models.retrieve("first/gpt-4o-mini").id == "first/gpt-4o-mini"


def test_an_edit_is_live_for_the_next_request_and_a_running_stream_ends_on_the_old_one(
    rest: httpx.Client, sdk: openai.OpenAI, slow: str, other: str
) -> None:
    add(rest, "moving", slow)
    stream = iter(sdk.chat.completions.create(model="moving/m", messages=HELLO, stream=True))  # type: ignore[call-overload]
    words = [next(stream).choices[0].delta.content for _ in range(3)]

    assert rest.patch("/providers/moving", json={"base_url": other}).status_code == 200
    after = sdk.chat.completions.create(model="moving/m", messages=HELLO)  # type: ignore[call-overload]
    words += [chunk.choices[0].delta.content for chunk in stream]

    assert after.choices[0].message.content == "Hi there, this is fakellm."
    assert words == _Slow.words


def test_a_provider_switched_off_is_refused_at_once(rest: httpx.Client, sdk: openai.OpenAI, other: str) -> None:
    add(rest, "switched", other)
    assert rest.post("/providers/switched/disable").status_code == 200

    with pytest.raises(openai.InternalServerError) as refused:
        sdk.chat.completions.create(model="switched/m", messages=HELLO)  # type: ignore[call-overload]

    assert (refused.value.status_code, refused.value.code) == (503, "provider_unavailable")
    assert rest.post("/providers/switched/enable").status_code == 200
    assert sdk.chat.completions.create(model="switched/m", messages=HELLO).choices  # type: ignore[call-overload]


def test_what_the_command_line_changes_is_live_within_two_seconds(running: Patchbay, sdk: openai.OpenAI, other: str) -> None:
    running.run("provider", "add", "by-hand", "--base-url", other, "--auth-type", "none")
    until("added", lambda: any(m.id.startswith("by-hand/") for m in sdk.models.list()) or _answers(sdk, "by-hand/m"), 2)

    running.run("provider", "disable", "by-hand")
    until("disabled", lambda: not _answers(sdk, "by-hand/m"), 2)


def test_a_key_taken_back_is_refused(running: Patchbay, rest: httpx.Client, other: str) -> None:
    add(rest, "guarded", other)
    issued = rest.post("/client-keys", json={"name": "short-lived", "scope": "gateway"}).json()
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=issued["key"], max_retries=0) as client:
        assert _answers(client, "guarded/m")

        assert rest.delete(f"/client-keys/{issued['client_key']['id']}").status_code in (200, 204)

        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model="guarded/m", messages=HELLO)  # type: ignore[call-overload]


def _answers(client: openai.OpenAI, model: str) -> bool:
    try:
        return bool(client.chat.completions.create(model=model, messages=HELLO).choices)  # type: ignore[call-overload]
    except openai.APIStatusError:
        return False
