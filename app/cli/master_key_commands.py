"""`master-key …`: the master keys, and rotating them. On the data folder alone: a key never travels."""

from pathlib import Path
from typing import Any

import click

from app.cli import grammar, house, output, secrets_in
from app.cli.exits import Failure
from app.domain.actor import Actor
from app.domain.keyring import AddedKey, DamagedSecret, KeyringStatus, RetiredKey
from app.domain.secret import Secret

master_key = grammar.Noun("master-key", help="Master keys. To replace one: create, activate, rewrap, retire.")


@master_key.command("list")
def list_keys() -> None:
    """List the master keys, their source, and the number of values encrypted with each."""
    from app.services import damage, keyring

    async def look(caller: Actor) -> tuple[KeyringStatus, list[DamagedSecret]]:
        return await keyring.status(caller), await damage.find(caller)

    status, damaged = house.on_folder(grammar.said(), look)
    rows = [(k.kid, k.state, "loaded" if k.is_loaded else "missing", k.values) for k in status.keys]
    lines = [f"From {status.source}.", *output.table(("KEY", "STATE", "HERE", "VALUES"), rows), *(found.sentence for found in damaged)]
    rest = output.plain(status)
    more = {name: value for name, value in rest.items() if name != "keys"}
    _tell(output.envelope(rest["keys"], **more, damaged=output.plain(damaged)), [key.kid for key in status.keys], lines)


@master_key.command("create")
@click.option("--master-key-stdin", "stdin", is_flag=True, help="Read the new key from stdin instead of generating one.")
@click.option("--master-key-file", "file", type=click.Path(path_type=Path), help="Read the new key from this file.")
def create_key(stdin: bool, file: Path | None) -> None:
    """Add a new master key, not in use yet. A key you put into the key source yourself is picked up."""
    from app.services import master_key as service

    text = secrets_in.read(stdin=stdin, file=file)
    given = None if text is None else Secret(text)

    async def add(caller: Actor) -> AddedKey:
        return await service.add(caller, given)

    added = house.on_folder(grammar.said(), add)
    staged = f"The master key {added.kid} is staged. Next: patchbay master-key activate"
    _tell(added, [added.kid], [staged] if added.is_staged else [added.key] if added.key else [])
    if not added.is_staged:
        raise Failure(added.advice, is_told=True)


@master_key.command("activate")
@click.argument("kid", metavar="[ID]", required=False)
def activate_key(kid: str | None) -> None:
    """Encrypt with the added key from now on, once every worker has it. The old key still decrypts."""
    from app.services import master_key as service

    async def activate(caller: Actor) -> str:
        return await service.activate(caller, kid)

    active = house.on_folder(grammar.said(), activate)
    _tell({"kid": active}, [active], [f"The master key {active} is active. Next: patchbay master-key rewrap"])


@master_key.command("rewrap")
def rewrap_values() -> None:
    """Re-encrypt every stored secret with the active key. You can stop it and run it again at any time."""
    from app.services import master_key as service

    done = house.on_folder(grammar.said(), service.rewrap)
    lines = [f"{done.rewrapped} secrets re-encrypted with the master key {done.kid}; {done.left} left."]
    if done.broken:
        lines.append(f"{done.broken} are damaged and no key opens them. Enter those credentials again; the console marks them.")
    lines += [
        "Next: patchbay master-key retire",
        "If the old key has leaked, this does not undo what could be read with it. Renew what patchbay master-key exposed lists.",
    ]
    _tell(done, [done.kid], lines)
    if done.left:
        raise Failure(f"{done.left} stored secrets are still under another key. Run this again.", is_told=True)


@master_key.command("retire")
@click.argument("kid", metavar="[ID]", required=False)
def retire_key(kid: str | None) -> None:
    """Retire a master key that is no longer needed and remove it from the key file."""
    from app.services import master_key as service

    async def retire(caller: Actor) -> RetiredKey:
        return await service.retire(caller, kid)

    done = house.on_folder(grammar.said(), retire)
    _tell(done, [done.kid], [f"The master key {done.kid} is retired. {done.advice}"])


@master_key.command("exposed")
def exposed_secrets() -> None:
    """List the keys to replace at your providers after a master key leaked. No secret is shown."""
    from app.services import master_key as service

    found = house.on_folder(grammar.said(), service.exposed)
    rows = [
        (e.provider, e.credential, e.field, f"…{e.hint}" if e.hint else "", e.fingerprint, "in the trash" * e.is_deleted) for e in found
    ]
    lines = output.table(("PROVIDER", "CREDENTIAL", "FIELD", "ENDS", "FINGERPRINT", ""), rows)
    _tell(output.envelope(found), [e.fingerprint for e in found], lines)


def _tell(found: Any, ids: list[str], lines: list[str]) -> None:
    said = grammar.said()
    if said.as_json:
        output.as_json(found)
    else:
        output.lines(ids if said.quiet else lines)
