"""Providers: what an admin saved. One verb = one transaction = rows + audit entry + revision."""

from app.services.providers.depending import AliasUse, Dependants, dependants
from app.services.providers.duplicating import duplicate
from app.services.providers.lifecycle import Default, clear_default, delete, disable, enable, restore, set_default
from app.services.providers.pasting import Added, Find
from app.services.providers.pasting import add as add_pasted
from app.services.providers.pasting import look as look_into
from app.services.providers.reading import Changes, Preview, changes, get, list_, validate
from app.services.providers.saving import create, from_preset, replace, update
from app.services.providers.standing import HealthInFull, HealthList, ProviderHealth, health_of, health_of_all

__all__ = [
    "Added",
    "AliasUse",
    "Changes",
    "Default",
    "Dependants",
    "Find",
    "HealthInFull",
    "HealthList",
    "Preview",
    "ProviderHealth",
    "add_pasted",
    "changes",
    "clear_default",
    "create",
    "delete",
    "dependants",
    "disable",
    "duplicate",
    "enable",
    "from_preset",
    "get",
    "health_of",
    "health_of_all",
    "list_",
    "look_into",
    "replace",
    "restore",
    "set_default",
    "update",
    "validate",
]
