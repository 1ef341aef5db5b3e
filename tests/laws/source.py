"""What an expression of the source can be, found without running the function it stands in.

Names are traced back: to a global, to the loop or comprehension that binds them, to an assignment of the same function, to a
parameter's closed type (an enum, a literal, a page) and else to every call of the function. `a if x else b` is both.
"""

import ast
import enum
import importlib
import inspect
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from app.ui.page import Page, pages

_DEEPEST = 8
_NOT_KNOWN = (NameError, AttributeError, LookupError, TypeError, ValueError)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unknown(Exception):
    """The expression cannot be traced back to a closed set."""


@dataclass(frozen=True)
class Module:
    """One file. `name` is what it is imported as; `text` and `scope` can be given by a test that plants one."""

    name: str
    text: str
    scope: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def tree(self) -> ast.Module:
        """Parsed once."""
        return ast.parse(self.text)

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Node → the node it stands in."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Every call."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]

    @cached_property
    def globals(self) -> Mapping[str, Any]:
        """What its names mean."""
        return self.scope or vars(importlib.import_module(self.name))

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, the nearest first."""
        while (node := self.parents.get(node)) is not None:  # type: ignore[assignment]  # ends with None
            yield node


@dataclass(frozen=True)
class Source:
    """All files that may call each other."""

    modules: tuple[Module, ...]

    def values(self, module: Module, expression: ast.expr, depth: int = 0) -> set[Any]:
        """Everything the expression can be. Raises `Unknown`."""
        if depth > _DEEPEST:
            raise Unknown(ast.unparse(expression))
        if isinstance(expression, ast.IfExp):
            return self.values(module, expression.body, depth) | self.values(module, expression.orelse, depth)
        if isinstance(expression, ast.Constant):
            return {expression.value}
        if isinstance(expression, ast.Subscript) and (listed := self._listed(module, expression, depth)) is not None:
            return listed
        found = {_evaluated(module, expression, scope) for scope in self._scopes(module, expression, _names(expression), depth)}
        return found - {"", None} if _is_guarded(module, expression) else found

    def _listed(self, module: Module, taken: ast.Subscript, depth: int) -> set[Any] | None:
        """Everything a mapping can give, where it is known and what is looked up is not."""
        if isinstance(taken.value, ast.Dict):
            return set().union(*(self.values(module, each, depth + 1) for each in taken.value.values))
        known = module.globals.get(taken.value.id) if isinstance(taken.value, ast.Name) else None
        return set(known.values()) if isinstance(known, Mapping) else None

    def _scopes(self, module: Module, at: ast.AST, names: list[str], depth: int) -> Iterator[dict[str, Any]]:
        """Every way to bind `names` as they are meant at `at`."""
        if not names:
            yield {}
            return
        for bound in self._bindings(module, at, names[0], depth):
            for rest in self._scopes(module, at, [name for name in names[1:] if name not in bound], depth):
                yield {**bound, **rest}

    def _bindings(self, module: Module, at: ast.AST, name: str, depth: int) -> Iterator[dict[str, Any]]:
        for node in module.above(at):
            if isinstance(node, (*_COMPREHENSIONS, ast.For, ast.AsyncFor)):
                loops = node.generators if isinstance(node, _COMPREHENSIONS) else [node]
                if loop := next((loop for loop in loops if name in _targets(loop.target)), None):
                    yield from self._looped(module, name, loop.target, loop.iter, depth)
                    return
            if isinstance(node, Function):
                if assigned := _assigned(node, name):
                    yield from ({name: value} for given in assigned for value in self.values(module, given, depth + 1))
                    return
                if name in {a.arg for a in _parameters(node)}:
                    yield from ({name: value} for value in self._passed(module, node, name, depth))
                    return
        if name in module.globals or name in vars(
            __builtins__ if isinstance(__builtins__, ModuleType) else importlib.import_module("builtins")
        ):
            yield {}
            return
        raise Unknown(name)

    def _looped(self, module: Module, name: str, target: ast.expr, over: ast.expr, depth: int) -> Iterator[dict[str, Any]]:
        over = self._spelled(module, over)
        if isinstance(over, ast.Tuple | ast.List | ast.Set) and not any(isinstance(e, ast.Starred) for e in over.elts):
            for each in over.elts:  # spelled out: what stands beside a name, a component for example, need not be known
                yield from self._unpacked(module, target, each, depth)
            return
        if isinstance(over, ast.Call) and getattr(over.func, "id", "") == "zip" and isinstance(target, ast.Tuple):
            part, side = next(pair for pair in zip(target.elts, over.args, strict=True) if name in _targets(pair[0]))
            yield from self._looped(module, name, part, side, depth)
            return
        for items in self._iterables(module, over, depth):
            for item in items:
                yield dict(_unpack(target, item))

    @staticmethod
    def _spelled(module: Module, over: ast.expr) -> ast.expr:
        """What a name of the same function stands for, where that is one expression."""
        if not isinstance(over, ast.Name):
            return over
        function = next((node for node in module.above(over) if isinstance(node, Function)), None)
        assigned = _assigned(function, over.id) if function else []
        return assigned[0] if len(assigned) == 1 else over

    def _unpacked(self, module: Module, target: ast.expr, each: ast.expr, depth: int) -> Iterator[dict[str, Any]]:
        if isinstance(target, ast.Tuple) and isinstance(each, ast.Tuple):
            partial: list[dict[str, Any]] = [{}]
            for part, given in zip(target.elts, each.elts, strict=True):
                if isinstance(part, ast.Name):
                    try:
                        partial = [{**known, part.id: value} for known in partial for value in self.values(module, given, depth + 1)]
                    except Unknown:
                        continue
            yield from partial
        elif isinstance(target, ast.Name):
            yield from ({target.id: value} for value in self.values(module, each, depth + 1))
        else:
            raise Unknown(ast.unparse(each))

    def _iterables(self, module: Module, over: ast.expr, depth: int) -> Iterator[Iterable[Any]]:
        for scope in self._scopes(module, over, _names(over), depth + 1):
            yield list(_evaluated(module, over, scope))

    def _passed(self, module: Module, function: Function, name: str, depth: int) -> Iterator[Any]:
        """What a parameter can be: its type when that is a closed set, else whatever any call gives it."""
        parameter = next(a for a in _parameters(function) if a.arg == name)
        if parameter.annotation is not None and (closed := _closed(module, parameter.annotation)):
            yield from closed
            return
        place = [a.arg for a in (*function.args.posonlyargs, *function.args.args)].index(name) if parameter in function.args.args else -1
        default, found = _default(function, name), False
        for elsewhere in self.modules:
            for call in elsewhere.calls:
                if not _names_function(elsewhere, call.func, module, function):
                    continue
                found = True
                given = next((k.value for k in call.keywords if k.arg == name), None)
                given = given or (call.args[place] if 0 <= place < len(call.args) else default)
                if given is None:
                    raise Unknown(f"{ast.unparse(call)[:80]} gives no {name}")
                yield from self.values(elsewhere if given is not default else module, given, depth + 1)
        if not found:
            raise Unknown(f"nobody calls {function.name}")


def _evaluated(module: Module, expression: ast.expr, scope: dict[str, Any]) -> Any:
    try:
        value = eval(compile(ast.Expression(expression), module.name, "eval"), dict(module.globals), scope)  # noqa: S307 - our own source
        hash(value) if not isinstance(value, Iterable) else None
    except _NOT_KNOWN as error:
        raise Unknown(f"{ast.unparse(expression)}: {error!r}") from None
    return value


def _is_guarded(module: Module, expression: ast.expr) -> bool:
    """Whether it stands where a test for itself has let it through: `t(help_) if help_ else …`."""
    inside: ast.AST = expression
    for node in module.above(expression):
        if isinstance(node, ast.IfExp) and inside is node.body and ast.dump(node.test) == ast.dump(expression):
            return True
        inside = node
    return False


def read(root: Path, package: str) -> Source:
    """Every module of a package below `root`."""
    files = sorted((root / package.replace(".", "/")).rglob("*.py"))
    names = [".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for file in files]
    return Source(tuple(Module(name, file.read_text("utf-8")) for name, file in zip(names, files, strict=True)))


def given(module: Module, call: ast.Call) -> frozenset[str] | None:
    """The names of the keyword arguments of a call; None where some come from a mapping that is not spelled out."""
    named: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg:
            named.add(keyword.arg)
        elif (spelled := _spelled_out(module, keyword.value)) is not None:
            named |= spelled
        else:
            return None
    return frozenset(named)


def _spelled_out(module: Module, mapping: ast.expr) -> set[str] | None:
    """The keys of a dict display, also of one that a name of the same function stands for."""
    if isinstance(mapping, ast.Name):
        function = next((node for node in module.above(mapping) if isinstance(node, Function)), None)
        assigned = _assigned(function, mapping.id) if function else []
        return _spelled_out(module, assigned[0]) if len(assigned) == 1 else None
    if isinstance(mapping, ast.Dict) and all(isinstance(k, ast.Constant) for k in mapping.keys):
        return {str(k.value) for k in mapping.keys if isinstance(k, ast.Constant)}
    return None


def _names(expression: ast.AST) -> list[str]:
    """Free names, those that a comprehension inside binds left out."""
    own = {name for node in ast.walk(expression) if isinstance(node, ast.comprehension) for name in _targets(node.target)}
    loads = [node.id for node in ast.walk(expression) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return [name for name in dict.fromkeys(loads) if name not in own]


def _targets(target: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _unpack(target: ast.expr, item: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(target, ast.Name):
        yield target.id, item
    elif isinstance(target, ast.Tuple):
        for part, value in zip(target.elts, item, strict=True):
            yield from _unpack(part, value)


def _parameters(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _default(function: Function, name: str) -> ast.expr | None:
    args = function.args.args
    named = dict(zip((a.arg for a in args[len(args) - len(function.args.defaults) :]), function.args.defaults, strict=True))
    named |= {a.arg: d for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d}
    return named.get(name)


def _assigned(function: Function, name: str) -> list[ast.expr]:
    found: list[ast.expr] = []
    for node in ast.walk(function):
        if (isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)) or (
            isinstance(node, ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name) and node.target.id == name and node.value
        ):
            found.append(node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(node.targets[0].elts, node.value.elts, strict=True)
            found += [value for target, value in pairs if isinstance(target, ast.Name) and target.id == name]
    return found


def _closed(module: Module, annotation: ast.expr) -> list[Any]:
    """The members of an enum or a literal, the pages; empty for a type that is open."""
    try:
        kind = eval(compile(ast.Expression(annotation), module.name, "eval"), dict(module.globals))  # noqa: S307 - as above
    except _NOT_KNOWN:
        return []
    if kind is Page:
        return list(pages())
    if inspect.isclass(kind) and issubclass(kind, enum.Enum):
        return list(kind)
    return list(typing.get_args(kind)) if typing.get_origin(kind) is typing.Literal else []


def _names_function(elsewhere: Module, called: ast.expr, module: Module, function: Function) -> bool:
    """Whether `called`, as `elsewhere` writes it, is that function of `module`."""
    is_method = isinstance(module.parents.get(function), ast.ClassDef)
    match called:
        case ast.Name(id=name) if not is_method:
            known = elsewhere.globals.get(name)
            return name == function.name and (elsewhere is module or getattr(known, "__module__", "") == module.name)
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if name == function.name:
            known = elsewhere.globals.get(owner)
            return getattr(known, "__name__", "") == module.name or (is_method and owner in ("self", "cls") and elsewhere is module)
        case _:
            return False
