"""What the page says against what REST says: who is there, what is on, in which state, which one is the default."""

import re

from app.ui import i18n
from tests.walk.look import Look, Row
from tests.walk.oracles.texts import forms
from tests.walk.seen import Provider, Seen


def figures(seen: Seen) -> list[str]:
    """Disagreements of the page in view with REST; nothing while it still loads."""
    page, truth = seen.after, seen.truth
    if truth is None or page.waiting:
        return []
    match page.path.rstrip("/"):
        case "":
            found = _providers(page, truth.providers)
        case "/people":
            found = _people(page, truth.people)
        case "/client-keys":
            found = _client_keys(page, truth.client_keys)
        case _:
            found = []
    return found + _revision(page, truth.revision)


def _revision(page: Look, told: int | None) -> list[str]:
    """The one in the foot of the rail."""
    shown = [int(revision) for revision in _numbers(page, "shell.live", "revision")]
    return [f"revision {revision} is shown, REST says {told}" for revision in shown if told is not None and revision != told]


def _numbers(page: Look, key: str, hole: str) -> list[str]:
    """What stands in the hole of this text wherever it is on the page."""
    found = []
    for form in forms(i18n.catalogues().get(page.language, i18n.catalogues()["en"])[key]):
        pattern = re.sub(r"\\\{\w+\\\}", r"[\\d.,]+", re.escape(form).replace(rf"\{{{hole}\}}", r"(\d[\d.,]*)"))
        found += [re.sub(r"\D", "", hit[1]) for t in page.texts if (hit := re.fullmatch(pattern, t.text))]
    return found


def _providers(page: Look, told: tuple[Provider, ...]) -> list[str]:
    known = {p.name: p for p in told}
    found = [f"shown and not there: {name}" for name in sorted({c.name for c in page.cards} - known.keys())]
    if page.cards and not _is_narrowed(page):
        found += [f"there and not shown: {name}" for name in sorted(known.keys() - {c.name for c in page.cards})]
    for card in page.cards:
        if provider := known.get(card.name):
            found += _provider(page.language, card, provider)
    in_use = sum(p.enabled for p in told)
    counted = [n for key in ("providers.summary_working", "providers.summary_none_working") for n in _numbers(page, key, "total")]
    return found + [f"{total} are on by the line above the list, REST says {in_use}" for total in counted if int(total) != in_use]


def _provider(language: str, card: Row, told: Provider) -> list[str]:
    found = []
    if card.second != " ".join(told.label.split()):
        found.append(f"{told.name} is called {card.second!r}, REST says {told.label!r}")
    if card.on is not None and card.on != told.enabled:
        found.append(f"{told.name} is drawn {'on' if card.on else 'off'}, REST says enabled={told.enabled}")
    statuses = {i18n.say(language, f"status.{code}"): code for code in _statuses()}
    shown = {statuses[part] for part in card.parts if part in statuses}
    if shown and "testing" not in shown and told.status not in shown:
        found.append(f"{told.name} is drawn as {sorted(shown)}, REST says {told.status}")
    if (i18n.say(language, "card.default") in card.parts) != told.is_default:
        found.append(f"{told.name} is drawn {'without' if told.is_default else 'with'} the mark of the default")
    return found


def _statuses() -> list[str]:
    return [key.removeprefix("status.") for key in i18n.keys() if key.startswith("status.")]  # noqa: SIM118 - a function


def _is_narrowed(page: Look) -> bool:
    every = {i18n.say(page.language, "filter.all"), i18n.say(page.language, "filter.any")}
    chosen = [text for text in page.narrowing.get("chosen", []) if text]
    badges = [text for text in page.narrowing.get("badges", []) if text.isdigit()]
    return bool(page.narrowing.get("search") or page.query or badges or set(chosen) - every)


def _people(page: Look, told: dict[str, bool]) -> list[str]:
    if not page.rows:
        return []
    shown = {part.lower(): row.on for row in page.rows for part in row.parts if "@" in part}
    found = [f"person shown and not there: {email}" for email in sorted(shown.keys() - told.keys())]
    found += [f"person there and not shown: {email}" for email in sorted(told.keys() - shown.keys())]
    both = sorted(shown.keys() & told.keys())
    return found + [f"{e} is drawn {'on' if shown[e] else 'off'}" for e in both if shown[e] is not None and shown[e] != told[e]]


def _client_keys(page: Look, told: tuple[str, ...]) -> list[str]:
    revoked = i18n.say(page.language, "client_keys.revoked")
    shown = sorted(row.name for row in page.rows if revoked not in row.parts)
    wanted = sorted(" ".join(name.split()) for name in told)
    return [f"keys for apps shown {shown}, REST says {wanted}"] if page.rows and shown != wanted else []
