"""From the fields of the provider form to a draft. Field names: those of REST, secrets as `secret.<field>`, others of the auth
type as `auth.<field>`. The only place where the text of a secret is taken out of an event."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.domain.credentials.credential import CredentialDraft
from app.domain.errors import InvalidDraft, Reason
from app.domain.names import check_slug, slugify
from app.domain.providers.address import looks_local, normalise
from app.domain.providers.capabilities import MOST_TOKENS, Capabilities
from app.domain.providers.preset import Preset
from app.domain.providers.provider import MOST_CONCURRENT, MOST_SECONDS, Network, Provider, ProviderDraft, ProviderLimits, ProviderPatch
from app.domain.record import MOST_PER_MINUTE
from app.domain.secret import Secret
from app.ui import i18n
from app.ui.i18n import numbers

T = TypeVar("T", ProviderDraft, ProviderPatch)

SECRET = "secret."  # noqa: S105 - the beginning of a field name
AUTH = "auth."
ABLE = "capabilities."
MEANT = "meant"  # what a short name is made of instead of the label; it yields to one that is taken
_BETWEEN_TAGS = re.compile(r"[\s,;，；、]+")
_MOST = {"requests_per_minute": MOST_PER_MINUTE, "concurrent": MOST_CONCURRENT}
FIELD_OF = {"credential.secret.": SECRET}  # where a rule names a field otherwise than the form


def take_secrets(form: dict[str, str]) -> dict[str, Secret]:
    """Move what was typed into secret fields out of the form; empty ones mean "keep" and are left out."""
    taken = {name.removeprefix(SECRET): Secret(form.pop(name)) for name in [*form] if name.startswith(SECRET)}
    return {name: secret for name, secret in taken.items() if secret}


def new(form: dict[str, str], secrets: dict[str, Secret], *, preset: Preset | None) -> ProviderDraft:
    """A new provider as typed. A vendor that does not list its models brings the ones its preset recommends."""
    fields = _fields(form, secrets)
    fields["name"] = form.get("name", "").strip() or short_name(form.get(MEANT) or form.get("label", ""))
    if preset:
        typed = [fields["default_model"]] if fields["default_model"] and fields["default_model"] not in preset.models else []
        fields |= {"preset": preset.id, "models": [*preset.models, *typed]}
    return _made(ProviderDraft, fields)


def named(form: dict[str, str], language: str) -> dict[str, str]:
    """The form; a provider that nobody named is called after its host."""
    if form.get("label", "").strip():
        return form
    try:
        return {**form, **after_host(normalise(form.get("base_url", "")).base_url, language)}
    except InvalidDraft:
        return form


def after_host(base_url: str, language: str) -> dict[str, str]:
    """What a provider at this address is called: its host's name; an address in figures says nothing to people, so where it is."""
    host = urlsplit(base_url).hostname or ""
    if looks_local(normalise(base_url).origin):
        return {"label": i18n.say(language, "form.local_server"), MEANT: "local-server"}
    if ":" in host or host.replace(".", "").isdigit():
        return {"label": i18n.say(language, "form.custom"), MEANT: "custom-provider"}
    return {"label": host}


def short_name(label: str) -> str:
    """A short name made of the label, also where its letters make none: 办公室 becomes provider."""
    name = slugify(label)
    try:
        return check_slug(name)
    except InvalidDraft:
        return f"provider-{name}".rstrip("-")[:50]


def patch(form: dict[str, str], secrets: dict[str, Secret], *, of: Provider, version: int, detach: bool = False) -> ProviderPatch:
    """What the edit form says about a provider. `detach`: keys of an old host stay behind."""
    fields = _fields(form, secrets, of=of)
    fields.pop("models", None)
    return _made(ProviderPatch, fields | {"version": version, "detach": detach})


def connection(form: dict[str, str], secrets: dict[str, Secret], *, of: Provider, version: int) -> ProviderPatch:
    """What the wizard says about a saved provider: how it is reached, and nothing else of it."""
    fields = _fields(form, secrets, of=of)
    asked = {name: fields[name] for name in ("label", "base_url", "at_root", "auth_type", "auth", "credential") if name in fields}
    return _made(ProviderPatch, asked | {"version": version})


def whole(form: dict[str, str], secrets: dict[str, Secret], *, of: Provider) -> ProviderDraft:
    """The edited provider as it would be, for a test before saving."""
    known = {"name": of.name, "preset": of.preset, "type": of.type, "tags": of.tags, "enabled": of.enabled}
    return _made(ProviderDraft, known | _fields(form, secrets, of=of))


def placed(reasons: dict[str, str]) -> dict[str, str]:
    """What is wrong, by field of a rule → by field of the form."""
    return {_place(field): why for field, why in reasons.items()}


def _place(field: str) -> str:
    for theirs, ours in FIELD_OF.items():
        if field.startswith(theirs):
            return ours + field.removeprefix(theirs)
    return field


def _fields(form: dict[str, str], secrets: dict[str, Secret], *, of: Provider | None = None) -> dict[str, object]:
    model = form.get("default_model", "").strip() or None
    fields: dict[str, object] = {
        "label": form.get("label", "").strip() or None,
        "description": form.get("description", "").strip(),
        "base_url": form.get("base_url", "").strip(),
        "at_root": form.get("at_root") == "on",
        "auth_type": form.get("auth_type", "api_key"),
        "auth": {name.removeprefix(AUTH): v for name, v in form.items() if name.startswith(AUTH)},
        "default_model": model,
        "models": [model] if model else [],
        "network": _network(form, of.network if of else Network()),
        "limits": _limits(form, of.limits if of else ProviderLimits()),
        "only_listed_models": form.get("only_listed_models") == "on",
        **({"tags": [tag for tag in _BETWEEN_TAGS.split(form["tags"]) if tag]} if "tags" in form else {}),
        **({"capabilities": _capabilities(form)} if any(name.startswith(ABLE) for name in form) else {}),
    }
    return fields | ({"credential": CredentialDraft(secret=secrets)} if secrets else {})


def _capabilities(form: dict[str, str]) -> Capabilities:
    typed = {name.removeprefix(ABLE): value.strip() for name, value in form.items() if name.startswith(ABLE)}
    try:
        return Capabilities.model_validate({name: value for name, value in typed.items() if value})
    except ValidationError as error:
        why = {
            "test_path": Reason("test_path", "Enter a path like /health. It starts with / and does not contain ? or .. characters."),
            "context_limit": Reason("context_limit", "Enter a whole number of tokens between 1 and {most}.", most=MOST_TOKENS),
        }
        wrong = [str(one["loc"][0]) for one in error.errors(include_input=False, include_url=False)]
        raise InvalidDraft({ABLE + name: why.get(name, "This value is not allowed.") for name in wrong}) from None


def _network(form: dict[str, str], network: Network) -> Network:
    """The time limits of the provider, changed where the form has a field for one. Empty = the usual limit."""
    limits = network.model_dump()
    for name in limits.keys() & form.keys():
        text = form[name].strip()
        try:
            limits = Network.model_validate(limits | {name: float(text) if text else None}).model_dump()
        except ValueError:
            most = MOST_SECONDS[name]
            raise InvalidDraft({name: Reason("seconds_between", "Enter a number of seconds between 1 and {most}.", most=most)}) from None
    return Network.model_validate(limits)


def _limits(form: dict[str, str], limits: ProviderLimits) -> ProviderLimits:
    """How many calls go to the provider at most, changed where the form has a field for it. Empty = no limit."""
    found = limits.model_dump()
    for name in found.keys() & form.keys():
        found[name] = numbers.whole(form[name], name, most=_MOST[name])
    return ProviderLimits.model_validate(found)


def _made(kind: type[T], fields: Mapping[str, Any]) -> T:  # Any: a draft judges its own fields
    try:
        return kind(**fields)
    except ValidationError as error:
        raise InvalidDraft(dict(_explained(error.errors(include_input=False, include_url=False)))) from None


def _explained(errors: Iterable[ErrorDetails]) -> Iterable[tuple[str, str]]:
    for one in errors:
        match one["type"]:
            case "string_too_long":
                why = Reason("too_long", "Use at most {most} characters.", most=one.get("ctx", {})["max_length"])
            case "string_too_short":
                why = Reason("fill_in", "Fill in this field.")
            case "string_pattern_mismatch" if one["loc"][0] == "tags":
                why = Reason("tag_form", "Use letters, digits, “.”, “:”, “-” and “_” in a tag.")
            case "string_pattern_mismatch":
                why = Reason("blanks", "Remove the spaces from this text.")
            case _:
                why = Reason("not_allowed", "This value is not allowed.")
        yield str(one["loc"][0]), why
