"""Providers: what an admin saved. One verb = one transaction = rows + audit entry + revision."""

from app.services.providers.depending import AliasUse, Dependants, dependants
from app.services.providers.duplicating import duplicate
from app.services.providers.lifecycle import Default, clear_default, delete, disable, enable, restore, set_default
from app.services.providers.pasting import Added, Find
from app.services.providers.pasting import add as add_pasted
from app.services.providers.pasting import look as look_into
from app.services.providers.provider_health import HealthInFull, HealthList, ProviderHealth, health_of, health_of_all
from app.services.providers.reading import Changes, Preview, changes, get, list_, validate
from app.services.providers.saving import create, from_preset, replace, update
from app.services.providers.trash import KEPT, Trashed, in_trash, purge, purge_due, purging, restore_from_trash

__all__ = [
    "KEPT",
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
    "Trashed",
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
    "in_trash",
    "list_",
    "look_into",
    "purge",
    "purge_due",
    "purging",
    "replace",
    "restore",
    "restore_from_trash",
    "set_default",
    "update",
    "validate",
]
