"""The steps of the test, from the address to a streamed answer: what each of them does and how it reads what it meets."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from yarl import URL

from app.domain.errors import BadResponse, Failed, NoCredential, RateLimited, Refused, UpstreamError
from app.domain.probes.probe import Depth, StepName, Verdict
from app.domain.providers.capabilities import Support
from app.domain.providers.model_name import is_listed
from app.domain.providers.preset import Preset
from app.domain.providers.routes import effective_urls
from app.domain.snapshot import Endpoint
from app.probe import findings, key_header_search, model_candidates, requests
from app.probe.diagnoses import address, chat, connection, credential, models, response, tls
from app.probe.finding import Finding, Met
from app.probe.state import DEPTHS, Outcome, ProbeState
from app.relay import keys
from app.relay.pipeline import Ask, Calling

_AUTH, _LIST = DEPTHS.index("auth"), DEPTHS.index("models")
Step = Callable[[], Awaitable[Outcome | None]]


class Steps(ProbeState):
    """A test with its steps. `is_direct`: a known model is asked at once, nothing is looked at on the way.
    `seeks`: when a plain key is refused, find out whether it is read from another header."""

    def __init__(
        self, endpoint: Endpoint, model: str | None, depth: Depth, preset: Preset | None, *, is_direct: bool = False, seeks: bool = False
    ) -> None:
        super().__init__(endpoint, model, depth, preset)
        self._is_direct = is_direct and model is not None and depth in ("chat", "stream")
        self._seeks = seeks

    def plan(self) -> list[tuple[StepName, Step]]:
        """What is done, in its order."""
        way: list[tuple[StepName, Step]] = [
            (StepName.ADDRESS, self._address),
            (StepName.DNS, self._dns),
            (StepName.PORT, self._port),
            (StepName.TLS, self._tls),
        ]
        look: list[tuple[StepName, Step]] = [(StepName.HTTP, self._http), (StepName.CREDENTIAL, self._credential)]
        deeper: list[tuple[StepName, Step]] = [(StepName.MODELS, self._list), (StepName.CHAT, self._chat), (StepName.STREAM, self._stream)]
        return way + (deeper[1 : self._depth] if self._is_direct else look + deeper[: self._depth])

    async def tried(self, name: StepName, take: Step) -> Outcome | None:
        """Take one step; whatever a call raises becomes what it says of the provider."""
        try:
            return await take()
        except RateLimited as error:
            return self._limited(error, name)
        except UpstreamError as error:
            return await self._failed(name, error)

    async def _failed(self, name: StepName, error: UpstreamError) -> Outcome:
        asked = self._model or "" if name in (StepName.CHAT, StepName.STREAM) else ""
        finding, facts = findings.of(Met(error, self._endpoint, name, asked))
        fix = None
        if finding.verdict is Verdict.AUTH_FAILED and StepName.CREDENTIAL in self._proven:
            self._proven.remove(StepName.CREDENTIAL)  # the list took it, the chat does not
        if finding is credential.KEY_REFUSED and self._seeks:
            fix = await key_header_search.fix(self._endpoint, self._ask)
        return self._red(finding, facts, detail=error.detail, fix=fix)

    async def _address(self) -> Outcome:
        try:
            url = URL(self._endpoint.base_url)
            if self._endpoint.problem == "malformed" or not url.host:
                raise ValueError
        except ValueError:
            return self._red(address.ADDRESS_INVALID, {})
        if self._connection.is_literal:
            await self._connection.look_up()  # judges it; a name is judged on its own step
        return Outcome(
            address.ADDRESS_OK, facts={"url": effective_urls(self._endpoint.type, self._endpoint.base_url, self._endpoint.auth)["chat"]}
        )

    async def _dns(self) -> Outcome:
        if self._connection.is_literal:
            return Outcome(connection.LOOK_UP_NOT_NEEDED, proves=False)
        return Outcome(connection.ADDRESS_FOUND, facts=(await self._connection.look_up()).facts)

    async def _port(self) -> Outcome:
        return Outcome(connection.PORT_OPEN, facts=(await self._connection.connect()).facts)

    async def _tls(self) -> Outcome:
        if self._connection.is_encrypted:
            return Outcome(tls.SECURE, facts=(await self._connection.secure()).facts)
        self._connection.close()
        return Outcome(tls.NOT_ENCRYPTED, proves=False)

    async def _http(self) -> Outcome | None:
        """The first call. Any answer of a web server passes; what it says is for the next steps."""
        if not self._ask.path:
            return None  # this vendor has nothing to ask for but a chat
        started = time.perf_counter()
        status = 200
        try:
            self._first = await (requests.reach if self._own_path else requests.get)(self._dial())
        except UpstreamError as error:
            if error.status is None or isinstance(error, BadResponse | NoCredential):
                raise
            if isinstance(error, Failed) and _is_server_fault(error):
                raise
            self._first, status = error, error.status
        self._latency = round((time.perf_counter() - started) * 1000, 1)
        return Outcome(response.ANSWERS, facts={"status": status})

    async def _credential(self) -> Outcome:
        if isinstance(self._first, Refused):
            raise self._first
        if not self._needs_key:
            if isinstance(self._first, RateLimited):
                raise self._first
            return Outcome(credential.KEY_NOT_NEEDED, proves=False)
        if isinstance(self._first, RateLimited):
            if await self._is_public() is not False:
                return self._limited(self._first, StepName.CREDENTIAL, is_proof=False)
            keys.proven(self._endpoint)
            raise self._first
        if isinstance(self._first, UpstreamError) or not self._ask.path:
            if self._depth == _AUTH:
                self._note(models.NO_MODEL_LIST)
            return Outcome(credential.KEY_NOT_TRIED, ok=None)
        if (is_public := await self._is_public()) is not False:
            return self._unproven(credential.LIST_IS_PUBLIC if is_public else credential.KEY_NOT_PROVEN)
        keys.proven(self._endpoint)
        return Outcome(credential.KEY_ACCEPTED)

    def _unproven(self, finding: Finding) -> Outcome:
        """What answered says nothing about the key. Where a chat follows, that will."""
        if self._depth > _LIST:
            return Outcome(credential.KEY_NOT_TRIED, ok=None)
        self._note(finding)
        return Outcome(finding, ok=None)

    async def _is_public(self) -> bool | None:
        """Whether what the first call asked for is answered without the key as well: one more call, unless the preset knows. None = that
        could not be found out."""
        if self._is_open or self._is_guarded:
            return self._is_open
        keyless = replace(self._endpoint, auth_type="none", keys=())
        try:
            await requests.reach(Calling(keyless, self._ask))
        except (Refused, BadResponse):  # BadResponse: the page or the redirect that asks people to sign in
            return False
        except Failed as error:
            return None if _is_server_fault(error) else False
        except UpstreamError:
            return None
        return True

    async def _list(self) -> Outcome:
        if not self._has_list:
            self._note(models.NO_MODEL_LIST)
            return Outcome(models.NO_MODEL_LIST, ok=None)
        if self._own_path or self._ask.path != requests.MODELS_PATH:
            self._ask = Ask(requests.MODELS_PATH)
            try:
                self._first = await requests.get(self._dial())
            except Failed as error:
                self._first = error
        if isinstance(self._first, UpstreamError):
            if not isinstance(self._first, Failed) or _is_server_fault(self._first):
                raise self._first
            self._note(models.NO_MODEL_LIST)
            return Outcome(models.NO_MODEL_LIST, ok=None)
        self._models = requests.listed(self._first)
        if not self._models:
            self._note(models.NO_MODELS)
            return Outcome(models.NO_MODELS, ok=None)
        default = self._endpoint.default_model
        if default and self._depth == _LIST and len(self._models) < requests.MOST_MODELS and not is_listed(default, self._models):
            self._note(models.DEFAULT_NOT_LISTED, model=default)
        return Outcome(models.MODELS_LISTED, facts={"count": len(self._models)})

    async def _chat(self) -> Outcome:
        self._model = self._model or model_candidates.choose(self._endpoint, self._models, self._preset)
        if self._model is None:
            return self._no_model()
        self._ask = requests.question(self._model)
        try:
            self._said = await requests.chat(self._dial())
        except Failed as error:
            if not requests.wants_other_limit(error):
                raise
            self._limit = "max_completion_tokens"
            self._ask = requests.question(self._model, limit=self._limit)
            self._said = await requests.chat(self._dial())
        self._answered(self._said)
        return Outcome(chat.CHAT_ANSWERED if self._said.preview.strip() else chat.CHAT_EMPTY, facts={"model": self._model})

    async def _stream(self) -> Outcome:
        if self._endpoint.capabilities.streaming is Support.NO:
            return Outcome(chat.STREAM_NOT_OFFERED, ok=None)
        model = self._model or ""  # the step before chose one
        self._ask = requests.question(model, stream=True, limit=self._limit)
        said = await requests.stream(self._dial())
        return Outcome(chat.STREAM_ANSWERED, facts={"model": model, "chunks": said.chunks})


def _is_server_fault(error: Failed) -> bool:
    """5xx but for 501, which only says that there is no such list."""
    return error.status is None or (error.status >= 500 and error.status != 501)
