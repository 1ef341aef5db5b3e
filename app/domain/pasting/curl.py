"""cURL commands as vendors print them in their documentation and browsers copy them."""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import parse_qs

_CONTINUED = re.compile(r"[\\^`]\r?\n")  # by a Unix shell, cmd.exe, PowerShell
_SPEAKS = re.compile(r"(?:^|[\s;&|/\\$])curl(?:\.exe)?\s", re.IGNORECASE)
_PROGRAM = re.compile(r"(?:.*[/\\])?curl(?:\.exe)?", re.IGNORECASE)
_BARE = re.compile(r"[\w.-]+(?::\d{1,5})?/\S*|[\w.-]+:\d{1,5}")


@dataclass(frozen=True, slots=True)
class Command:
    """What one command asks for. `headers` by lower-case name; `model` is the one in its JSON body, or ""."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    model: str = ""

    def query(self, name: str) -> str:
        """The first value of this name behind the address's `?`, or ""."""
        query = self.url.partition("#")[0].partition("?")[2]
        return (parse_qs(query).get(name) or [""])[0]


def speaks(text: str) -> bool:
    """Whether there is a command in the text."""
    return bool(_SPEAKS.search(f" {text} "))


def commands(text: str) -> list[Command]:
    """Every command that names an address.

    >>> commands("curl https://api.example.com/v1/models -H 'X-Key: abc'")
    [Command(url='https://api.example.com/v1/models', headers={'x-key': 'abc'}, model='')]
    """
    whole = _CONTINUED.sub(" ", text).replace("$'", "'")
    try:
        words = shlex.split(whole)
    except ValueError:  # a quote that never ends
        words = whole.replace('"', " ").replace("'", " ").split()
    starts = [n for n, word in enumerate(words) if _PROGRAM.fullmatch(word)]
    parts = [words[start + 1 : end] for start, end in pairwise([*starts, len(words)])]
    return [found for part in parts if (found := _command(part)).url]


def _command(words: list[str]) -> Command:
    url, headers, model = "", {}, ""
    for option, value in _options(words):
        if option in ("-H", "--header") and ":" in value:
            name, _, content = value.partition(":")
            headers[name.strip().lower()] = content.strip()
        elif option in ("-d", "--data", "--data-raw", "--data-binary", "--json"):
            model = model or _model(value)
        elif option == "--url" or (not option and not url and ("://" in value or _BARE.fullmatch(value))):
            url = value
    return Command(url, headers, model)


def _options(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(option, value) of a command's words; ("", word) for a word that stands by itself."""
    plain = {"-s", "-S", "-sS", "-N", "-v", "-i", "-k", "-L", "-f", "-g", "-G", "--silent", "--no-buffer", "--location", "--compressed"}
    waiting = ""
    for word in words:
        if waiting:
            yield waiting, word
            waiting = ""
        elif word.startswith("--"):
            name, given, value = word.partition("=")
            if given:
                yield name, value
            elif name not in plain:
                waiting = name
        elif word.startswith("-") and len(word) > 1:
            if word in plain:
                continue
            if len(word) > 2 and word[1] in "HduXAo":
                yield word[:2], word[2:]
            else:
                waiting = word
        else:
            yield "", word


def _model(body: str) -> str:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    model = document.get("model") if isinstance(document, dict) else None
    return model if isinstance(model, str) and re.fullmatch(r"\S{1,200}", model) else ""
