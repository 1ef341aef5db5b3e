"""What a person is told about an answer of REST."""

from datetime import UTC, datetime
from typing import Any

Item = dict[str, Any]
_MARKS = {True: "ok", False: "fail", None: "-"}


def day(moment: str | None) -> str:
    """The day of a moment, "" where there is none."""
    return (moment or "")[:10]


def target(item: Item) -> str:
    """What an entry of the audit is about."""
    return str(item["target"]["name"]) if item.get("target") else ""


def state(key: Item) -> str:
    """Whether an app key can be used."""
    over = key["expires_at"] is not None and datetime.fromisoformat(key["expires_at"]) <= datetime.now(UTC)
    return "revoked" if key["revoked_at"] else "expired" if over else "active"


def limits(key: Item) -> str:
    """What an app key is held to, in a few words."""
    told = [f"{kind} {', '.join(key[kind]) or 'none'}" for kind in ("providers", "models") if key[kind] is not None]
    told += [f"{key['requests_per_minute']} per minute"] if key["requests_per_minute"] else []
    return "; ".join(told + ([f"until {key['expires_at'][:16].replace('T', ' ')} UTC"] if key["expires_at"] else []))


def steps(result: Item) -> list[str]:
    """What a test found, step by step."""
    from app.probe import messages

    told = [
        f"{_MARKS[step['ok']]:<5} {step['name']:<11} {messages.sentence(step['message'], step['values'])} ({step['ms']:.0f} ms)"
        for step in result["steps"]
    ]
    return [*told, result["error"]["message"]] if result["ok"] and result["error"] else told


def unwell(result: Item) -> str:
    """Why a test failed, "" where it did not."""
    if result["ok"]:
        return ""
    return result["error"]["message"] if result["error"] else "The test ended without a result."


def new_provider(body: Item) -> Item:
    """A custom provider without a key needs none."""
    return body if {"preset", "credential", "auth_type"} & body.keys() else {**body, "auth_type": "none"}


def new_user(body: Item) -> Item:
    """A name is the part before the @ unless one is said."""
    return {"name": body["email"].split("@")[0], **body}


def saved(provider: Item) -> list[str]:
    """What was saved and where its requests go."""
    return [f"Saved {provider['name']}. Requests go to {provider['effective_urls']['chat']}"]


def switched_off(provider: Item) -> list[str]:
    """What switching off leaves."""
    if not provider["is_default"]:
        return [f"{provider['name']} is off."]
    return [f"{provider['name']} stays the default provider: requests without a model are refused until it is on again."]


def deleted(provider: Item) -> list[str]:
    """What a deleted default provider leaves."""
    if not provider["is_default"]:
        return []
    return [f"{provider['name']} was the default provider. Requests without a model are refused unless another one took its place."]


def keys_left(user: Item) -> list[str]:
    """Which keys outlive the account."""
    return [f"{user['keys_left']} of their app keys still work; `patchbay client-key list` shows them."] if user["keys_left"] else []


def discovered(found: Item) -> list[str]:
    """What a provider lists against what is listed here."""
    if found["error"]:
        return [found["error"]["message"]]
    return [f"{what:<8} {model}" for what in ("new", "kept", "missing") for model in found[what]]


def refusal(row: Item) -> str:
    """A row that is refused, and what to do about it."""
    return f"The {row['kind']} {row['name']} ({row['id']}) was added or changed outside Patchbay and is refused. {row['advice']}"


def verified(verdict: Item) -> list[str]:
    """What verifying the audit log found."""
    lines = [] if verdict["first_bad"] else [f"{verdict['checked']} entries, whole and unchanged."]
    return [*lines, *map(refusal, verdict["refused"])]


def tampered(verdict: Item) -> str:
    """Why the audit log is not well, "" where it is."""
    if verdict["first_bad"]:
        return f"Entry {verdict['first_bad']} is not valid: {verdict['reason']}."
    if verdict["refused"]:
        return f"{len(verdict['refused'])} rows were added or changed outside Patchbay and are refused."
    return ""
