"""`patchbay …`: everything the console does, from a shell. Works against the database of a running server."""

from app.cli.commands import main

__all__ = ["main"]
