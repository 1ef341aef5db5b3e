"""`user reset`: a password that only the operator can set for somebody else."""

from pathlib import Path

import click

from app.cli import grammar, house, output, secrets_in
from app.domain.actor import Actor
from app.domain.people.people import User
from app.domain.secret import Secret


@click.command("reset", cls=grammar.Command)
@click.argument("user", metavar="USER")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Read the password from a file.")
def reset(user: str, password_stdin: bool, password_file: Path | None) -> None:
    """Set a new password and end the user's sessions."""
    from app.services import people

    password = Secret(secrets_in.needed("password", stdin=password_stdin, file=password_file))

    async def change(caller: Actor) -> User:
        found = await people.find(caller, user)
        await people.reset_password(caller, found.id, password)
        return found

    said = grammar.said()
    found = house.on_folder(said, change)
    if said.as_json:
        output.as_json(found)
    else:
        output.lines([found.id] if said.quiet else [f"{found.email} has a new password."])
