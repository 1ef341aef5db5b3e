"""`provider …` and `preset …`."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer

from app.cli import shell
from app.cli.shell import REFUSED, DataDir, Json, SecretFile, SecretStdin
from app.domain.actor import Actor
from app.domain.errors import InvalidDraft
from app.domain.probes.probe import Depth, ProbeResult, ProbeStep
from app.domain.providers.provider import FromPreset, Provider, ProviderDraft, ProviderQuery
from app.domain.record import Closed

Draft = TypeVar("Draft", bound=Closed)

provider = typer.Typer(help="Providers.", no_args_is_help=True)
preset = typer.Typer(help="Known providers.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="ID of the provider.")]
NextDefault = Annotated[str | None, typer.Option(help="Provider that becomes the default if this one is the default.")]
NoDefault = Annotated[bool, typer.Option("--no-default", help="Have no default provider if this one is the default.")]
InTrash = Annotated[str, typer.Argument(help="ID, as `provider trash` shows it.")]
_MARKS = {True: "ok", False: "fail", None: "-"}


@provider.command("list")
def list_providers(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List all providers with their status."""
    from app.services import providers

    async def every(caller: Actor) -> list[Provider]:
        found, cursor = [], None
        while True:
            page = await providers.list_(caller, ProviderQuery(sort="name", limit=100, cursor=cursor))
            found += page.items
            if (cursor := page.next_cursor) is None:
                return found

    found = shell.run_as_cli_user(every, data_dir)
    rows = [(p.name, p.label, p.base_url, p.status, "default" if p.is_default else "") for p in found]
    shell.show(found, as_json=as_json, lines=shell.table(("NAME", "LABEL", "ADDRESS", "STATUS", ""), rows))


@provider.command("add")
def add_provider(
    name: Name,
    preset_id: Annotated[str | None, typer.Option("--preset", help="Known provider; without one, this is a custom provider.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address, for example https://api.example.com/v1.")] = None,
    label: Annotated[str | None, typer.Option(help="Display name.")] = None,
    model: Annotated[str | None, typer.Option(help="Default model.")] = None,
    auth_type: Annotated[str | None, typer.Option(help="Authentication: api_key or none.")] = None,
    secret_stdin: SecretStdin = False,
    secret_file: SecretFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Add a provider. Its key is read from stdin or a file."""
    from app.services import providers

    secret = shell.secret(stdin=secret_stdin, file=secret_file)
    chosen = auth_type or (None if secret or preset_id else "none")
    given: dict[str, object] = {"name": name, "label": label, "base_url": base_url, "default_model": model, "auth_type": chosen}
    fields = {field: value for field, value in given.items() if value is not None}
    if secret is not None:
        fields["credential"] = {"secret": {"api_key": secret}}

    async def save(caller: Actor) -> Provider:
        if preset_id:
            return await providers.from_preset(caller, _read(FromPreset, {**fields, "preset": preset_id}))
        return await providers.create(caller, _read(ProviderDraft, fields))

    made = shell.run_as_cli_user(save, data_dir, found=True)
    shell.show(made, as_json=as_json, lines=[f"Saved {made.name}. Requests go to {made.effective_urls['chat']}"])


@provider.command("test")
def probe_provider(
    name: Name,
    model: Annotated[str | None, typer.Option(help="Test model.")] = None,
    depth: Annotated[str, typer.Option(help="Test depth: auth, models, chat or stream.")] = "chat",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Test a provider step by step; exit 1 if a step fails."""
    from app.probe import messages
    from app.services import probes

    if depth not in get_args(Depth):
        shell.fail(f"--depth is one of: {', '.join(get_args(Depth))}.", shell.USAGE)

    async def test(caller: Actor) -> ProbeResult | None:
        result = None
        async for step in probes.run_saved(caller, name, model=model, depth=depth):  # type: ignore[arg-type] - checked above
            if isinstance(step, ProbeStep) and not as_json:
                typer.echo(f"{_MARKS[step.ok]:<5} {step.name:<11} {messages.sentence(step.message, step.values)} ({step.ms:.0f} ms)")
            result = step if isinstance(step, ProbeResult) else result
        return result

    result = shell.run_as_cli_user(test, data_dir)
    shell.show(result, as_json=as_json)
    if result is None or not result.ok:
        shell.fail(result.error.message if result and result.error else "The test ended without a result.", REFUSED)
    if result.error and not as_json:
        typer.echo(result.error.message)


@provider.command("enable")
def enable_provider(name: Name, data_dir: DataDir = None) -> None:
    """Turn on a provider."""
    from app.services import providers

    _each(providers.enable, name, data_dir)


@provider.command("disable")
def disable_provider(name: Name, next_default: NextDefault = None, no_default: NoDefault = False, data_dir: DataDir = None) -> None:
    """Turn off a provider. New requests are rejected, running ones finish."""
    from app.services import providers

    said = next_default if next_default or no_default else providers.Default.KEEP

    async def switch(caller: Actor) -> Provider:
        return await providers.disable(caller, name, next_default=said)

    if shell.run_as_cli_user(switch, data_dir).is_default:
        typer.echo(f"{name} stays the default provider: requests without a model are refused until it is on again.")


@provider.command("remove")
def remove_provider(name: Name, next_default: NextDefault = None, data_dir: DataDir = None) -> None:
    """Move a provider to the trash."""
    from app.services import providers

    async def remove(caller: Actor) -> bool:
        was_default = (await providers.get(caller, name)).is_default
        await providers.delete(caller, name, next_default=next_default)
        return was_default

    if shell.run_as_cli_user(remove, data_dir) and not next_default:
        typer.echo(f"{name} was the default provider. There is none now: requests without a model are refused.")


@provider.command("trash")
def list_trash(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List deleted providers, and when each is deleted permanently."""
    from app.services import providers

    found = shell.run_as_cli_user(providers.in_trash, data_dir)
    rows = [(one.id, one.name, one.label, f"{one.deleted_at:%Y-%m-%d}", f"{one.purge_at:%Y-%m-%d}") for one in found]
    shell.show(found, as_json=as_json, lines=shell.table(("ID", "NAME", "LABEL", "DELETED", "PURGED ON"), rows))


@provider.command("restore")
def restore_provider(provider_id: InTrash, data_dir: DataDir = None) -> None:
    """Restore a provider from the trash."""
    from app.services import providers

    _each(providers.restore_from_trash, provider_id, data_dir)


@provider.command("purge")
def purge_provider(provider_id: InTrash, data_dir: DataDir = None) -> None:
    """Delete a provider in the trash permanently, with its keys and models."""
    from app.services import providers

    _each(providers.purge, provider_id, data_dir)


@preset.command("check")
def check_preset(file: Annotated[Path, typer.Argument(help="A preset file, presets/<name>.toml.")]) -> None:
    """Check a preset file and list its mistakes."""
    from app import languages, presets
    from app.ui.build import bundle

    try:
        found = presets.read(file)
    except presets.BadPreset as error:
        shell.fail(str(error))
    typer.echo(f"{file.name}: {found.label}, {found.base_url}")
    for lacking in presets.shortfalls(found):
        typer.echo(f"To be shipped it also needs {lacking}.")
    if found.logo and bundle.logos() and found.logo not in bundle.logos():
        typer.echo(f"There is no logo “{found.logo}”: initials are shown. Those there are: {bundle.HOME}/build/client/logos")
    if untold := [one.name for one in languages.shipped().values() if one.is_complete and one.code not in ("en", *found.description_in)]:
        typer.echo(f"Described in English to people who read {', '.join(untold)}: add description_in to tell them in their language.")


def _each(verb: Callable[[Actor, str], Awaitable[object]], name: str, data_dir: Path | None) -> None:
    async def act(caller: Actor) -> None:
        await verb(caller, name)

    shell.run_as_cli_user(act, data_dir)


def _read(kind: type[Draft], fields: Mapping[str, object]) -> Draft:
    """A draft from options; what does not fit is named without repeating it."""
    from pydantic import ValidationError

    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InvalidDraft({field: f"{field.replace('_', ' ')}: this value is not allowed."}) from None
