"""`master-key …`: the master keys, and rotating them."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli import shell
from app.cli.shell import REFUSED, DataDir, Json
from app.domain.actor import Actor
from app.domain.keyring import AddedKey, DamagedSecret, KeyringStatus, RetiredKey

master_key = typer.Typer(help="Master keys. To replace one: create, activate, rewrap, retire.", no_args_is_help=True)

Kid = Annotated[str | None, typer.Argument(metavar="[ID]", help="ID of the key, as shown by `master-key list`.")]


@master_key.command("list")
def list_keys(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the master keys, their source, and the number of values encrypted with each."""
    from app.services import damage, keyring

    async def look(caller: Actor) -> tuple[KeyringStatus, list[DamagedSecret]]:
        return await keyring.status(caller), await damage.find(caller)

    status, damaged = shell.run_as_cli_user(look, data_dir)
    rows = [(k.kid, k.state, "loaded" if k.is_loaded else "missing", k.values) for k in status.keys]
    lines = [f"From {status.source}.", *shell.table(("KEY", "STATE", "HERE", "VALUES"), rows), *(found.sentence for found in damaged)]
    shell.show(status, as_json=as_json, lines=lines)


@master_key.command("create")
def create_key(
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the new key from stdin instead of generating one.")] = False,
    file: Annotated[Path | None, typer.Option("--file", help="Read the new key from this file.")] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Add a new master key, not in use yet. A key you put into the key source yourself is picked up."""
    from app.services import master_key as service

    given = shell.secret(stdin=stdin, file=file)

    async def add(caller: Actor) -> AddedKey:
        return await service.add(caller, given)

    added = shell.run_as_cli_user(add, data_dir)
    staged = f"The master key {added.kid} is staged. Next: patchbay master-key activate"
    shell.show(added, as_json=as_json, lines=[staged] if added.is_staged else [added.key] if added.key else [])
    if not added.is_staged:
        shell.fail(added.advice, REFUSED)


@master_key.command("activate")
def activate_key(kid: Kid = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Encrypt with the added key from now on, once every worker has it. The old key still decrypts."""
    from app.services import master_key as service

    async def activate(caller: Actor) -> str:
        return await service.activate(caller, kid)

    active = shell.run_as_cli_user(activate, data_dir)
    shell.show({"kid": active}, as_json=as_json, lines=[f"The master key {active} is active. Next: patchbay master-key rewrap"])


@master_key.command("rewrap")
def rewrap_values(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Re-encrypt every stored secret with the active key. You can stop it and run it again at any time."""
    from app.services import master_key as service

    done = shell.run_as_cli_user(service.rewrap, data_dir)
    lines = [f"{done.rewrapped} secrets re-encrypted with the master key {done.kid}; {done.left} left."]
    if done.broken:
        lines.append(f"{done.broken} are damaged and no key opens them. Enter those credentials again; the console marks them.")
    lines += [
        "Next: patchbay master-key retire",
        "If the old key has leaked, this does not undo what could be read with it. Renew what patchbay master-key exposed lists.",
    ]
    shell.show(done, as_json=as_json, lines=lines)
    if done.left:
        shell.fail(f"{done.left} stored secrets are still under another key. Run this again.", REFUSED)


@master_key.command("retire")
def retire_key(kid: Kid = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Retire a master key that is no longer needed and remove it from the key file."""
    from app.services import master_key as service

    async def retire(caller: Actor) -> RetiredKey:
        return await service.retire(caller, kid)

    done = shell.run_as_cli_user(retire, data_dir)
    shell.show(done, as_json=as_json, lines=[f"The master key {done.kid} is retired. {done.advice}"])


@master_key.command("exposed")
def exposed_secrets(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the keys to replace at your providers after a master key leaked. No secret is shown."""
    from app.services import master_key as service

    found = shell.run_as_cli_user(service.exposed, data_dir)
    rows = [
        (e.provider, e.credential, e.field, f"…{e.hint}" if e.hint else "", e.fingerprint, "in the trash" * e.is_deleted) for e in found
    ]
    shell.show(found, as_json=as_json, lines=shell.table(("PROVIDER", "CREDENTIAL", "FIELD", "ENDS", "FINGERPRINT", ""), rows))
