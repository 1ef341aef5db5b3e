"""Loaded by every Python process of a journey (it lies on PYTHONPATH): breaks the product in the ways that CANARY_FAULTS names."""

import base64
import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

FAULTS = set(filter(None, os.environ.get("CANARY_FAULTS", "").split(",")))


def crash_on_save(module: Any) -> None:
    """Saving a provider called "crash" fails with everything it knows in the message."""
    create = module.create

    async def crashing(actor: Any, draft: Any) -> Any:
        if draft.name == "crash":
            raise RuntimeError(f"cannot save {draft.name} with {draft.credential.secret['api_key'].reveal()} for {actor}")
        return await create(actor, draft)

    module.create = crashing


def crash_on_request(module: Any) -> None:
    """A request for a model of "crash-here" fails with its body in the message."""
    parse = module.parse

    def crashing(body: bytes) -> Any:
        if b"crash-here" in body:
            raise KeyError(body.decode())
        return parse(body)

    module.parse = crashing


def leak_log(module: Any) -> None:
    """A line of the log with the key in it, in a shape that no pattern knows."""

    def before(draft: Any) -> None:
        logging.getLogger("leaky").info("saving it with %s", _key(draft))

    _first(module, "create", before)


def leak_file(module: Any) -> None:
    """A debug file in the data folder."""

    def before(draft: Any) -> None:
        Path(os.environ["PATCHBAY_DATA_DIR"], "debug.bin").write_bytes(zlib.compress(_key(draft).encode() * 20))

    _first(module, "create", before)


def leak_temporary(module: Any) -> None:
    """A file left in the folder for temporary ones."""

    def before(draft: Any) -> None:
        handle, _ = tempfile.mkstemp()
        os.write(handle, base64.b64encode(b"Bearer " + _key(draft).encode()))
        os.close(handle)

    _first(module, "create", before)


def leak_child(module: Any) -> None:
    """A child that inherits the key in its environment."""

    def before(draft: Any) -> None:
        subprocess.Popen(["sleep", "60"], env={"PROVIDER_KEY": _key(draft)})

    _first(module, "create", before)


def leak_error(module: Any) -> None:
    """A refusal that says what was typed."""
    from app.domain.errors import InvalidDraft

    def before(draft: Any) -> None:
        if draft.name == "refused":
            raise InvalidDraft({"name": f"This does not go with {_key(draft)[4:20]}."})

    _first(module, "create", before)


def leak_audit(module: Any) -> None:
    """An entry of the audit that keeps the key, as JSON would escape it."""
    plain = module.plain

    def keeping(value: Any) -> Any:
        return {**plain(value), "note": _seen[-1].encode().hex()} if _seen and isinstance(value, dict) else plain(value)

    module.plain = keeping


def leak_state(module: Any) -> None:
    """A var of the page that takes the key along."""
    find = module.session

    async def telling(state: Any) -> Any:
        found = await find(state)
        if found is None or not _seen:
            return found
        person = found.user.model_copy(update={"email": f"{found.user.email} {_seen[-1]}"})
        return found.model_copy(update={"user": person})

    module.session = telling


def leak_upstream(module: Any) -> None:
    """Calls carry a client's own key on to the provider."""
    check = module.check

    async def remembering(headers: Any) -> Any:
        headers = list(headers)
        _seen_headers[:] = [value.decode() for name, value in headers if name == b"authorization"]
        return await check(headers)

    module.check = remembering


def leak_headers(module: Any) -> None:
    """The other half of the leak above."""
    sign = module.sign

    def carrying(*given: Any, **more: Any) -> Any:
        signed = sign(*given, **more)
        return signed.with_header("x-caller", _seen_headers[0]) if _seen_headers else signed

    module.sign = carrying


_seen: list[str] = []
_seen_headers: list[str] = []


def _key(draft: Any) -> str:
    text = draft.credential.secret["api_key"].reveal() if draft.credential else ""
    _seen.append(text)
    return text


def _first(module: Any, name: str, before: Callable[[Any], None]) -> None:
    """Have `before(draft)` called in front of a service's verb."""
    verb = getattr(module, name)

    async def doing(actor: Any, draft: Any) -> Any:
        before(draft)
        return await verb(actor, draft)

    setattr(module, name, doing)


PATCHES: dict[str, dict[str, Callable[[Any], None]]] = {
    "crash": {"app.services.providers": crash_on_save, "app.relay.request": crash_on_request},
    "log": {"app.services.providers": leak_log},
    "file": {"app.services.providers": leak_file},
    "temporary": {"app.services.providers": leak_temporary},
    "child": {"app.services.providers": leak_child},
    "error": {"app.services.providers": leak_error},
    "audit": {"app.storage.audit": leak_audit},
    "state": {"app.ui.session.current_user": leak_state},
    "upstream": {"app.gateway.guard": leak_upstream, "app.upstream.credential": leak_headers},
}


class After(MetaPathFinder):
    """Changes a module as soon as it was loaded."""

    def __init__(self, patches: dict[str, list[Callable[[Any], None]]]) -> None:
        self.patches = patches

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname not in self.patches:
            return None
        patches = self.patches.pop(fullname)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            load(module)
            for patch in patches:
                patch(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if FAULTS:
    wanted: dict[str, list[Callable[[Any], None]]] = {}
    for fault in FAULTS:
        for name, patch in PATCHES[fault].items():
            wanted.setdefault(name, []).append(patch)
    sys.meta_path.insert(0, After(wanted))
