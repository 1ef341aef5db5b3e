"""Which model a test talks to when nobody chose one: the default model, else one that is small, cheap and able to chat."""

import re
from collections.abc import Sequence

from app.domain.providers.preset import Preset
from app.domain.snapshot import Endpoint

# Parts of names of models that do not chat.
_NOT_CHAT = re.compile(
    r"embed|whisper|tts|speech|audio|transcri|image|dall-e|flux|stable-diffusion|sdxl|imagen|veo|sora|video|rerank|moderation|guard"
    r"|ocr|bge-|-e5-|clip|realtime|search|davinci|babbage|computer-use|deep-research|instruct-vision|nomic|colbert",
    re.IGNORECASE,
)
_SMALL = re.compile(r"nano|mini|small|tiny|lite|flash|haiku|instant|air|micro|smol", re.IGNORECASE)
_BILLIONS = re.compile(r"(?<![\w.])(?:\d+x)?(\d+(?:\.\d+)?)\s?b(?![a-z])", re.IGNORECASE)
_REASONING = re.compile(r"reason|think|(^|/)o\d|(^|[-/:])r1", re.IGNORECASE)


def choose(endpoint: Endpoint, listed: Sequence[str], preset: Preset | None) -> str | None:
    """The provider's default, since that is what applications get; else a recommended model that it lists, else the smallest-looking
    one that chats.

    Models an admin declared count as listed where the provider lists none.
    """
    if endpoint.default_model:
        return endpoint.default_model
    known = list(listed) or list(endpoint.models)
    for model in preset.test_models if preset else ():
        if model in known:
            return model
    chatting = [model for model in known if not _NOT_CHAT.search(model)]
    if chatting:
        return min(chatting, key=lambda model: (*_size(model), known.index(model)))
    if not known and preset:
        return next(iter([*preset.test_models, *preset.models]), None)
    return None


def _size(model: str) -> tuple[int, float]:
    """Sort key: reasoning models last, then names that say how small they are, then the rest."""
    slow = 10 if _REASONING.search(model) else 0
    if found := _BILLIONS.search(model.replace("_", "-")):
        return slow + (0 if float(found[1]) <= 16 else 2), float(found[1])
    return slow + (0 if _SMALL.search(model) else 1), 0.0
