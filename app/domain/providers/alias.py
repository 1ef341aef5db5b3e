"""Aliases: one public name that leads to models of one or several providers."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from app.domain.credentials.credential import Priority, Weight
from app.domain.errors import InvalidDraft, Reason
from app.domain.record import Closed, Flag, Identifier, Record, without

MOST_TARGETS = 50
LONGEST_NAME = 200
RESERVED = "default"  # means the default provider in a selector

Description = Annotated[str, StringConstraints(max_length=500)]


class TargetProblem(StrEnum):
    """Why a target is passed over until somebody changes something."""

    DISABLED = "disabled"  # its provider is switched off
    DELETED = "deleted"  # its provider is in the trash
    NOT_LISTED = "not_listed"  # its provider serves listed models only, and this one is not


class TargetDraft(Closed):
    """A model of a provider (by name). Lower `priority` is tried first; among equals each as often as its `weight` says."""

    provider: Annotated[str, StringConstraints(min_length=1, max_length=50)]  #: ID of the provider (its `name`).
    model: Identifier  #: Identifier of the model at this provider.
    priority: Priority = 1  #: Targets with a lower number are tried first.
    weight: Weight = 1  #: How often it is used among targets of the same priority, relative to them.


Targets = Annotated[list[TargetDraft], Field(max_length=MOST_TARGETS)]


class AliasDraft(Closed):
    """A whole alias as typed."""

    name: str  #: Name that apps send as `model`.
    description: Description = ""  #: Note, at most 500 characters.
    enabled: Flag = True  #: Whether it is on.
    targets: Targets  #: Models it leads to.


class AliasPut(AliasDraft):
    """The whole alias. The answer of a GET may be sent: fields that are only read are ignored."""

    version: int | None = None  #: Version that the change is based on; null = any.

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_read(cls, given: object) -> object:
        own = without(given, Alias.model_fields.keys() - cls.model_fields.keys())
        if isinstance(own, dict) and isinstance(targets := own.get("targets"), list):
            own["targets"] = [without(target, AliasTarget.model_fields.keys() - TargetDraft.model_fields.keys()) for target in targets]
        return own


class AliasPatch(Closed):
    """Partial update: what is not set stays, `targets` replaces all of them. `version` guards against a lost update."""

    name: str | None = None  #: Name that apps send as `model`.
    description: Description | None = None  #: Note.
    enabled: Flag | None = None  #: Whether it is on.
    targets: Targets | None = None  #: Models it leads to, in place of all before.
    version: int | None = None  #: Version that the change is based on; null = any.


class AliasTarget(Record):
    """`problem` None = it can be used, as far as the configuration says."""

    provider: str  #: ID of the provider (its `name`).
    provider_label: str  #: Name of the provider that people see.
    model: str  #: Identifier of the model at this provider.
    priority: int  #: Targets with a lower number are tried first.
    weight: int  #: How often it is used among targets of the same priority, relative to them.
    problem: TargetProblem | None  #: Why it cannot be used; null = it can.


class Alias(Record):
    """An alias as the UI and REST show it; targets in the order in which they are tried."""

    id: str  #: ID of the alias (UUIDv7).
    name: str  #: Name that apps send as `model`.
    description: str  #: Note, "" where there is none.
    enabled: bool  #: Whether it is on.
    targets: list[AliasTarget]  #: Models it leads to, in the order in which they are tried.
    version: int  #: Grows with every change.
    created_at: datetime  #: When it was created.
    updated_at: datetime  #: When it was last changed.
    created_by: str  #: Name of who created it.


class AliasQuery(Closed):
    """What to list, by name. `cursor` is the `next_cursor` of the page before; `provider` names one that a target leads to."""

    search: Annotated[str, StringConstraints(max_length=100)] | None = None
    provider: Annotated[str, StringConstraints(max_length=50)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, StringConstraints(max_length=1_000)] | None = None


class AliasPage(Record):
    """One page of aliases. `next_cursor` None = the end; `total` counts what matches on all pages."""

    items: list[Alias]  #: Aliases of this page, by name.
    next_cursor: str | None = None  #: `cursor` of the next page; null on the last one.
    total: int = 0  #: How many match on all pages.


def check_name(name: str, providers: Collection[str]) -> str:
    """Return the name, or raise `InvalidDraft` with the rule it breaks. `providers` are the names that selectors begin with."""
    head, slash, _ = name.partition("/")
    reason: Reason | None = None
    if not 1 <= len(name) <= LONGEST_NAME:
        reason = Reason("name_length", "Enter a name of 1 to {most} characters.", most=LONGEST_NAME)
    elif not name.isprintable() or any(character.isspace() for character in name):
        reason = Reason("alias_blanks", "An alias name cannot contain spaces or control characters.")
    elif name == RESERVED:
        reason = Reason("name_reserved", "“{name}” is reserved. Choose another name.", name=name)
    elif slash and head in providers:
        reason = Reason("alias_of_provider", "A name that starts with {head}/ already means a model of that provider.", head=head)
    if reason is not None:
        raise InvalidDraft({"name": reason})
    return name


def check_targets(targets: Collection[TargetDraft]) -> None:
    """Raise `InvalidDraft` when there is no target, or the same one twice."""
    if not targets:
        raise InvalidDraft({"targets": Reason("alias_no_target", "Add at least one target model to the alias.")})
    if len({(target.provider, target.model) for target in targets}) < len(targets):
        raise InvalidDraft({"targets": Reason("alias_same_target", "List each model of a provider once. Use a weight instead.")})
