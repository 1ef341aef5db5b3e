"""What a chat says, read out of a provider's answer: whole, or event by event."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from app.relay.pipeline import Reply


async def events(reply: Reply) -> AsyncGenerator[dict[str, object], None]:
    """The JSON objects of a stream's events; anything else in it is passed over."""
    rest = b""
    async with aclosing(reply.chunks()) as chunks:
        async for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line.startswith(b"data:") and line[5:].lstrip().startswith(b"{"):
                    try:
                        yield msgspec.json.decode(line[5:])
                    except msgspec.DecodeError:
                        continue


def text(document: object, part: str) -> str:
    """The text of the first choice; `part` is "message" or, in an event, "delta". "" when there is none."""
    choices = document.get("choices") if isinstance(document, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get(part) if isinstance(choice, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        content = "".join(p.get("text", "") for p in content if isinstance(p, dict) and isinstance(p.get("text"), str))
    return content if isinstance(content, str) else ""


def ended_by(document: object) -> str:
    """Why the first choice ended: stop, length …; "" where nothing says so."""
    choices = document.get("choices") if isinstance(document, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    reason = choice.get("finish_reason") if isinstance(choice, dict) else None
    return reason if isinstance(reason, str) else ""
