"""A command that is one request to REST: declared once, asked of the data folder or of a running server."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from app.cli import fields, grammar, house, output
from app.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from app.cli.rest import Rest


Told = Callable[[Any], Iterable[str]]
Column = tuple[str, Callable[[dict[str, Any]], object]]
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Finding:
    """How something that REST addresses by its id is found by what people call it: in the list that `operation` answers with, by
    the first of `names` that fits. `alive` = which of several of one name is meant."""

    operation: str
    noun: str
    names: tuple[str, ...] = ("name",)
    alive: Callable[[dict[str, Any]], bool] = lambda _: True


@dataclass(frozen=True)
class Verb:
    """`operation`: the name of REST's handler, or a choice of one by the body.

    `parent`: the first part of the path is an option of this name; `first`: a field of the body that is said without its option's
    name. `lacks`: fields that are no options here. `columns`: of a list; `told`: sentences about an answer; `also`: sentences about
    it when it is all told. `asks`: what is asked before it is done. `removes`: the operation that answers with what would be gone.
    """

    name: str
    help: str
    operation: str
    other: str = ""  # a second operation, where the body has the field `by`
    by: str = ""
    metavar: str = "ID"
    parent: str = ""
    first: str = ""
    finding: Finding | None = None
    lacks: tuple[str, ...] = ()
    short: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, tuple[str, Any, str]] = field(default_factory=dict)  # flag → field, value, help
    defaults: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: body
    columns: tuple[Column, ...] = ()
    told: Told | None = None
    asks: str = ""
    removes: str = ""
    begins: bool = False
    is_whole: bool = False  # a list of which one page is meant: a log, or a report
    is_well: Callable[[Any], str] | None = None  # "" or why what was tested is not well


class Request(click.Command):
    """The command of a `Verb`; its options are the fields of REST's route."""

    def __init__(self, verb: Verb) -> None:
        self.verb = verb
        super().__init__(verb.name, help=verb.help, callback=None)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Read from REST's route when somebody asks for them: not for `patchbay --help`."""
        self.params = self.params or [*self._own(), *grammar.everywhere()]
        return super().get_params(ctx)

    def _own(self) -> Iterable[click.Parameter]:
        verb, route = self.verb, fields.route(self.verb.operation)
        for number, part in enumerate(route.parts):
            if number == 0 and verb.parent:
                yield click.Option([f"--{verb.parent}", f"part_{part}"], required=True, help=f"The {verb.parent} it belongs to.")
            else:
                yield click.Argument([f"part_{part}"], metavar=verb.metavar)
        if verb.first:
            yield click.Argument(["first"], metavar=verb.first.upper() if verb.metavar == "ID" else verb.metavar)
        yield from fields.options(self._fields(), verb.short, clears=route.method == "PATCH")
        for flag, (name, _, help_) in verb.flags.items():
            yield click.Option([flag, f"flag_{name}"], is_flag=True, help=help_)
        if verb.asks:
            yield click.Option(["--yes", "yes"], is_flag=True, help="Do not ask.")
        if verb.removes:
            yield click.Option(["--dry-run", "dry_run"], is_flag=True, help="Say what would be removed, and remove nothing.")

    def _fields(self) -> tuple[fields.Field, ...]:
        verb = self.verb
        found = {each.name: each for each in (fields.route(verb.other).fields if verb.other else ())}
        found |= {each.name: each for each in fields.route(verb.operation).fields}
        hidden = {verb.first, *verb.lacks}
        return tuple(each for name, each in found.items() if name not in hidden and each.schema.get("type") != "null")

    def invoke(self, ctx: click.Context) -> None:
        """Ask, and tell."""
        verb, given, said = self.verb, ctx.params, grammar.said()
        body = fields.values(self._fields(), given, "body")
        query = fields.values(self._fields(), given, "query")
        if verb.first:
            body[verb.first] = given["first"]
        body |= {name: value for name, value, _ in verb.flags.values() if given[f"flag_{name}"]}
        body = verb.defaults(body)
        route = fields.route(verb.other if verb.other and verb.by in body else verb.operation)
        parts = [given[f"part_{part}"] for part in route.parts]
        if verb.asks and not given["yes"] and not given.get("dry_run"):
            confirm(verb.asks.format(parts[-1]))
        before: Any = None

        async def work(rest: "Rest") -> Any:
            nonlocal before
            if verb.finding:
                parts[-1] = await find(rest, verb.finding, parts[-1])
            if verb.removes:
                before = (
                    await rest.ask("GET", fields.route(verb.removes).at(*parts))
                    if verb.removes != "-"
                    else {"id": given.get("first") or parts[-1]}
                )
                if given["dry_run"]:
                    return None
            if verb.columns and not verb.is_whole and not {"limit", "cursor"} & query.keys():
                return await rest.every(route.at(*parts), query)
            return await rest.ask(route.method, route.at(*parts), query=query, body=body if route.takes_body else None)

        answer = house.run(said, work, begins=verb.begins)
        if verb.removes:
            self._gone(before, dry_run=given["dry_run"])
        else:
            self._show(answer)

    def _show(self, answer: Any) -> None:
        verb, said = self.verb, grammar.said()
        unwell = verb.is_well(answer) if verb.is_well else ""
        if verb.columns:
            answer = {**answer, "next_cursor": answer.get("next_cursor"), "total": answer.get("total")}
        if said.as_json:
            output.as_json(answer)
        elif said.quiet:
            output.lines(ids(answer["items"] if verb.columns else [answer] if answer else []))
        elif verb.columns:
            rows = [[cell(item) for _, cell in verb.columns] for item in answer["items"]]
            output.lines([*output.table([head for head, _ in verb.columns], rows), *(verb.told(answer) if verb.told else ())])
        elif answer is not None:
            output.lines((verb.told or output.record)(answer))
        if unwell:
            raise Failure(unwell, Exit.UNWELL, is_told=True)

    def _gone(self, before: dict[str, Any], *, dry_run: bool) -> None:
        verb, said = self.verb, grammar.said()
        if said.as_json:
            output.as_json(output.envelope([before], dry_run=dry_run))
        elif said.quiet:
            output.lines(ids([before]))
        elif dry_run:
            output.lines(["This would be removed:", *output.record(before)])
        else:
            output.lines(verb.told(before) if verb.told else ())


def ids(items: Iterable[dict[str, Any]]) -> list[str]:
    """The id of each; of what has none, what it is addressed by."""
    return [str(item.get("id") or item.get("name") or item.get("seq") or "") for item in items]


def confirm(question: str) -> None:
    """Ask whoever sits there; where nobody does, `--yes` has to be said."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Say --yes to do it without being asked.")
    click.confirm(question, abort=True, err=True)


async def find(rest: "Rest", finding: Finding, called: str) -> str:
    """The id of what is called so. Raises a `Failure` where nothing is, or several are."""
    if _UUID.fullmatch(called):
        return called
    items = (await rest.every(fields.route(finding.operation).path, {}))["items"]
    exact = [item for item in items if called in (item["id"], *(item.get(name) for name in finding.names[1:]))]
    found = exact or [item for item in items if called == item[finding.names[0]]]
    found = [item for item in found if finding.alive(item)] or found
    if len(found) > 1:
        raise Failure(f"Several are called {called}. Use the ID of one: {', '.join(ids(found))}.", Exit.CONFLICT)
    if not found:
        raise Failure(f"There is no {finding.noun} {called}.", Exit.NOT_FOUND)
    return found[0]["id"]
