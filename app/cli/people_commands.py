"""`user …` and `client-key …`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.cli import shell
from app.cli.shell import DataDir, Json, PasswordFile, PasswordStdin
from app.domain.actor import Actor, Role, Scope
from app.domain.people.people import ClientKey, DisabledUser, IssuedClientKey, User
from app.domain.record import MOST_PER_MINUTE

user = typer.Typer(help="Users who can sign in.", no_args_is_help=True)
client_key = typer.Typer(help="App keys.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="Email address of the account.")]


@user.command("add")
def add_user(
    email: Email,
    role: Annotated[Role, typer.Option(help="Role of the user.")] = Role.VIEWER,
    name: Annotated[str, typer.Option(help="Display name; defaults to the part before the @.")] = "",
    password_stdin: PasswordStdin = False,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Add a user. The first admin closes the setup page."""
    from app.services import people

    password = shell.password(stdin=password_stdin, file=password_file)

    async def create(caller: Actor) -> User:
        return await people.create(caller, email, name or email.split("@")[0], role, password)

    made = shell.run_as_cli_user(create, data_dir, found=True)
    shell.show(made, as_json=as_json, lines=[f"{made.email} can sign in as {made.role}."])


@user.command("list")
def list_users(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List all users, including those who are turned off."""
    from app.services import people

    found = shell.run_as_cli_user(people.list_, data_dir)
    rows = [(u.email, u.name, u.role, "active" if u.is_active else "disabled") for u in found]
    shell.show(found, as_json=as_json, lines=shell.table(("EMAIL", "NAME", "ROLE", "STATE"), rows))


@user.command("disable")
def disable_user(email: Email, data_dir: DataDir = None) -> None:
    """Turn off a user's sign-in and end their sessions."""
    from app.services import people

    async def disable(caller: Actor) -> DisabledUser:
        return await people.disable(caller, (await people.find(caller, email)).id)

    if left := shell.run_as_cli_user(disable, data_dir).keys_left:
        typer.echo(f"{left} of their app keys still work; `patchbay client-key list` shows them.")


@user.command("reset")
def reset_user(email: Email, password_stdin: PasswordStdin = False, password_file: PasswordFile = None, data_dir: DataDir = None) -> None:
    """Set a new password and end the user's sessions."""
    from app.services import people

    password = shell.password(stdin=password_stdin, file=password_file)

    async def reset(caller: Actor) -> None:
        await people.reset_password(caller, (await people.find(caller, email)).id, password)

    shell.run_as_cli_user(reset, data_dir)


@client_key.command("add")
def add_client_key(
    name: Annotated[str, typer.Argument(help="Name of the app that uses the key.")],
    scope: Annotated[Scope, typer.Option(help="gateway calls /v1; read and admin use /api/v1.")] = Scope.GATEWAY,
    model: Annotated[list[str] | None, typer.Option(help="Only this model; may be repeated.")] = None,
    provider: Annotated[list[str] | None, typer.Option(help="Only this provider; may be repeated.")] = None,
    expires: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Expiry date (last valid day, in UTC).")] = None,
    rpm: Annotated[int, typer.Option(min=0, max=MOST_PER_MINUTE, help="Requests per minute (max); 0 = no limit.")] = 0,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Create an app key and print it to stdout. It is shown only once."""
    from app.services import client_keys

    async def issue(caller: Actor) -> IssuedClientKey:
        ends = expires.replace(tzinfo=UTC) + timedelta(days=1) if expires else None
        return await client_keys.issue(
            caller, name, scope, models=model or None, providers=provider or None, expires_at=ends, requests_per_minute=rpm
        )

    issued = shell.run_as_cli_user(issue, data_dir, found=True)
    shell.show(issued, as_json=as_json, lines=[issued.key])


@client_key.command("list")
def list_client_keys(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List all app keys, without the keys themselves."""
    from app.services import client_keys

    found = shell.run_as_cli_user(client_keys.list_, data_dir)
    rows = [(k.hint, k.name, k.scope, _state(k), f"{k.created_at:%Y-%m-%d}", _limits(k)) for k in found]
    shell.show(found, as_json=as_json, lines=shell.table(("ID", "NAME", "SCOPE", "STATE", "ISSUED", "LIMITS"), rows))


def _state(key: ClientKey) -> str:
    over = key.expires_at is not None and key.expires_at <= datetime.now(UTC)
    return "revoked" if key.revoked_at else "expired" if over else "active"


def _limits(key: ClientKey) -> str:
    """What a key is held to, in a few words."""
    told = [
        f"{kind} {', '.join(names) or 'none'}"
        for kind, names in (("providers", key.providers), ("models", key.models))
        if names is not None
    ]
    told += [f"{key.requests_per_minute} per minute"] if key.requests_per_minute else []
    return "; ".join(told + ([f"until {key.expires_at:%Y-%m-%d %H:%M} UTC"] if key.expires_at else []))


@client_key.command("revoke")
def revoke_client_key(
    key: Annotated[str, typer.Argument(help="ID of the key, as shown by `client-key list`, or its name.")], data_dir: DataDir = None
) -> None:
    """Revoke an app key."""
    from app.domain.errors import UnknownClientKey
    from app.services import client_keys

    async def revoke(caller: Actor) -> None:
        found: list[ClientKey] = await client_keys.list_(caller)
        chosen = [k for k in found if key in (k.id, k.hint)] or [k for k in found if k.name == key and not k.revoked_at]
        if len(chosen) > 1:
            raise UnknownClientKey("Several app keys have this name. Use the ID of one.", suggestions=[k.hint for k in chosen])
        if not chosen:
            raise UnknownClientKey("There is no such app key. `patchbay client-key list` shows them.")
        await client_keys.revoke(caller, chosen[0].id)

    shell.run_as_cli_user(revoke, data_dir)
