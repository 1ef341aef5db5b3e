"""The nouns of REST and what can be done with them, each verb declared once."""

from app.cli import telling
from app.cli.verbs import Finding, Request, Verb

_ALIAS = Finding("list_aliases", "alias")
_APP_KEY = Finding("list_client_keys", "app key", ("name", "hint"), lambda key: not key["revoked_at"])
_USER = Finding("list_users", "user", ("email",))
_TRASHED = Finding("list_trash", "provider in the trash", ("name",))


def commands() -> dict[str, tuple[str, list[Request]]]:
    """Noun → what it is, and its verbs."""
    return {noun: (help_, [Request(verb) for verb in verbs]) for noun, (help_, verbs) in NOUNS.items()}


_PROVIDER = [
    Verb(
        "list", "List all providers with their status.", "list_providers",
        columns=(
            ("NAME", lambda p: p["name"]), ("LABEL", lambda p: p["label"]), ("ADDRESS", lambda p: p["base_url"]),
            ("STATUS", lambda p: p["status"]), ("", lambda p: "default" if p["is_default"] else ""),
        ),
    ),
    Verb("get", "Show a provider.", "get_provider", metavar="PROVIDER"),
    Verb(
        "create", "Add a provider. Its key is read from stdin or a file; --preset chooses a known provider.", "create_provider",
        other="create_provider_from_preset", by="preset", first="name", short={"default_model": "--model"},
        defaults=telling.new_provider, told=telling.saved, begins=True,
    ),
    Verb(
        "update", "Change what is named; what is left out stays.", "update_provider", metavar="PROVIDER",
        short={"default_model": "--model"}, told=telling.saved,
    ),
    Verb(
        "delete", "Move a provider to the trash.", "delete_provider", metavar="PROVIDER", removes="get_provider", told=telling.deleted,
    ),
    Verb("enable", "Turn on a provider.", "enable_provider", metavar="PROVIDER", told=lambda p: [f"{p['name']} is on."]),
    Verb(
        "disable", "Turn off a provider. New requests are rejected, running ones finish.", "disable_provider", metavar="PROVIDER",
        flags={"--no-default": ("next_default", None, "Have no default provider if this one is the default.")}, told=telling.switched_off,
    ),
    Verb(
        "default", "Let a provider answer requests that name none.", "set_default_provider", metavar="PROVIDER",
        told=lambda p: [f"{p['name']} is the default provider."],
    ),
    Verb(
        "test", "Test a provider step by step; exit 5 if a step fails.", "test_provider", metavar="PROVIDER",
        told=telling.steps, is_well=telling.unwell,
    ),
    Verb("duplicate", "Make a second provider like this one; it is off.", "duplicate_provider", metavar="PROVIDER", told=telling.saved),
    Verb(
        "discover", "Ask a provider which models it has. Changes nothing.", "discover_models", metavar="PROVIDER",
        told=telling.discovered,
    ),
    Verb("restore", "Restore a provider from the trash by its name.", "restore_provider", metavar="PROVIDER", told=telling.saved),
]  # fmt: skip

_CREDENTIAL = [
    Verb(
        "list", "List the keys of a provider in the order in which they are tried.", "list_credentials", parent="provider",
        columns=(
            ("ID", lambda k: k["id"]), ("LABEL", lambda k: k["label"]), ("STATE", lambda k: k["state"]),
            ("ENDS", lambda k: f"…{k['hint']}" if k["hint"] else ""), ("EXPIRES", lambda k: telling.day(k["expires_at"])),
        ),
    ),
    Verb("get", "Show a key, without its text.", "get_credential"),
    Verb("create", "Store one more key of a provider.", "create_credential", parent="provider", told=lambda k: [k["id"]]),
    Verb("update", "Change what is named; what is left out stays.", "update_credential", told=lambda k: [f"Saved {k['label']}."]),
    Verb("delete", "Delete a key permanently.", "delete_credential", removes="get_credential", asks="Delete the key {} permanently?"),
    Verb("test", "Test one key; exit 5 if a step fails.", "test_credential", told=telling.steps, is_well=telling.unwell),
    Verb(
        "rotate", "Store a new key beside the one that it replaces.", "rotate_credential",
        told=lambda k: [k["id"], f"Next: patchbay credential promote {k['id']}"],
    ),
    Verb("promote", "Put the new key in the place of the old one.", "promote_credential", told=lambda k: [f"{k['label']} is in use."]),
    Verb("rollback", "Use the old key again.", "roll_back_credential", told=lambda k: [f"{k['label']} is in use."]),
    Verb("cancel", "Delete the new key before it is in use.", "cancel_rotation", asks="Delete the new key {}?"),
]  # fmt: skip

_ALIASES = [
    Verb(
        "list", "List all aliases.", "list_aliases",
        columns=(
            ("ID", lambda a: a["id"]), ("NAME", lambda a: a["name"]), ("STATUS", lambda a: "on" if a["enabled"] else "off"),
            ("TARGETS", lambda a: ", ".join(f"{t['provider']}/{t['model']}" for t in a["targets"])),
        ),
    ),
    Verb("get", "Show an alias.", "get_alias", metavar="ALIAS", finding=_ALIAS),
    Verb("create", "Add an alias.", "create_alias", first="name", told=lambda a: [f"Saved {a['name']}."]),
    Verb(
        "update", "Change what is named; what is left out stays.", "update_alias", metavar="ALIAS", finding=_ALIAS,
        told=lambda a: [f"Saved {a['name']}."],
    ),
    Verb(
        "delete", "Delete an alias.", "delete_alias", metavar="ALIAS", finding=_ALIAS, removes="get_alias", asks="Delete the alias {}?",
    ),
]  # fmt: skip

_CLIENT_KEY = [
    Verb(
        "list", "List all app keys, without the keys themselves.", "list_client_keys",
        columns=(
            ("ID", lambda k: k["hint"]), ("NAME", lambda k: k["name"]), ("SCOPE", lambda k: k["scope"]), ("STATE", telling.state),
            ("ISSUED", lambda k: telling.day(k["created_at"])), ("LIMITS", telling.limits),
        ),
    ),
    Verb("get", "Show what an app key may do.", "get_client_key", metavar="KEY", finding=_APP_KEY),
    Verb(
        "create", "Create an app key and print it to stdout. It is shown only once.", "create_client_key", first="name",
        short={"requests_per_minute": "--rpm", "models": "--model", "providers": "--provider"}, told=lambda k: [k["key"]], begins=True,
    ),
    Verb(
        "update", "Change what an app key may do; it stays the same key.", "update_client_key", metavar="KEY", finding=_APP_KEY,
        short={"requests_per_minute": "--rpm", "models": "--model", "providers": "--provider"}, told=lambda k: [f"Saved {k['name']}."],
    ),
    *(
        Verb(
            name, "Revoke an app key.", "delete_client_key", metavar="KEY", finding=_APP_KEY, removes="get_client_key",
            asks="Revoke the app key {}?", told=lambda k: [f"{k['name']} is revoked."],
        )
        for name in ("delete", "revoke")
    ),
]  # fmt: skip

NOUNS: dict[str, tuple[str, list[Verb]]] = {
    "provider": ("Providers.", _PROVIDER),
    "credential": ("Keys of providers.", _CREDENTIAL),
    "model": (
        "Models of a provider.",
        [
            Verb(
                "list", "List the models of a provider.", "list_models", parent="provider",
                columns=(("MODEL", lambda m: m["identifier"]), ("LABEL", lambda m: m["label"]), ("SOURCE", lambda m: m["source"])),
            ),
            Verb(
                "create", "Add a model to those that a provider lists.", "sync_models", parent="provider", first="add", metavar="MODEL",
                lacks=("remove", "default", "version"), defaults=lambda body: {"add": [body["add"]]}, told=lambda _: [],
            ),
            Verb(
                "delete", "Remove a model from those that a provider lists.", "sync_models", parent="provider", first="remove",
                metavar="MODEL", lacks=("add", "default", "version"), defaults=lambda body: {"remove": [body["remove"]]}, removes="-",
            ),
        ],
    ),
    "alias": ("Aliases.", _ALIASES),
    "preset": (
        "Known providers.",
        [
            Verb(
                "list", "List all known providers.", "list_presets",
                columns=(("ID", lambda p: p["id"]), ("NAME", lambda p: p["label"]), ("ADDRESS", lambda p: p["base_url"])),
            ),
            Verb("get", "Show a known provider.", "get_preset", metavar="PRESET"),
        ],
    ),
    "client-key": ("App keys.", _CLIENT_KEY),
    "user": (
        "Users who can sign in.",
        [
            Verb(
                "list", "List all users, including those who are turned off.", "list_users",
                columns=(
                    ("EMAIL", lambda u: u["email"]), ("NAME", lambda u: u["name"]), ("ROLE", lambda u: u["role"]),
                    ("STATE", lambda u: "active" if u["is_active"] else "disabled"),
                ),
            ),
            Verb("get", "Show a user.", "get_user", metavar="USER", finding=_USER),
            Verb(
                "create", "Add a user. The first admin closes the setup page.", "create_user", first="email", defaults=telling.new_user,
                begins=True, told=lambda u: [f"{u['email']} can sign in as {u['role']}."],
            ),
            Verb(
                "enable", "Let a user sign in again.", "enable_user", metavar="USER", finding=_USER,
                told=lambda u: [f"{u['email']} can sign in."],
            ),
            Verb(
                "disable", "Turn off a user's sign-in and end their sessions.", "disable_user", metavar="USER", finding=_USER,
                told=telling.keys_left,
            ),
        ],
    ),
    "usage": (
        "What apps used.",
        [
            Verb(
                "list", "List usage by provider, model, key or app key, the busiest first.", "get_usage", is_whole=True,
                columns=(
                    ("NAME", lambda u: u["name"]), ("PROVIDER", lambda u: u["provider"]), ("REQUESTS", lambda u: u["requests"]),
                    ("ERRORS", lambda u: u["errors"]), ("INPUT", lambda u: u["tokens_in"]), ("OUTPUT", lambda u: u["tokens_out"]),
                    ("COST USD", lambda u: u["cost_usd"]),
                ),
            ),
        ],
    ),
    "audit": (
        "The audit log: who did what.",
        [
            Verb(
                "list", "List entries, the newest first.", "list_audit", is_whole=True,
                columns=(
                    ("ENTRY", lambda e: e["seq"]), ("TIME", lambda e: e["at"][:19].replace("T", " ")),
                    ("WHO", lambda e: e["actor"]["name"]), ("ACTION", lambda e: e["action"]), ("WHAT", telling.target),
                    ("OUTCOME", lambda e: e["outcome"]),
                ),
            ),
            Verb(
                "verify", "Verify the audit log and list rows that were added or changed outside Patchbay; exit 5 if anything is wrong.",
                "verify_audit", told=telling.verified, is_well=telling.tampered,
            ),
        ],
    ),
    "trash": (
        "Deleted providers.",
        [
            Verb(
                "list", "List deleted providers, and when each is deleted permanently.", "list_trash",
                columns=(
                    ("ID", lambda t: t["id"]), ("NAME", lambda t: t["name"]), ("LABEL", lambda t: t["label"]),
                    ("DELETED", lambda t: telling.day(t["deleted_at"])), ("PURGED ON", lambda t: telling.day(t["purge_at"])),
                ),
            ),
            Verb("restore", "Restore a provider from the trash.", "restore_trashed", finding=_TRASHED, told=telling.saved),
            Verb(
                "delete", "Delete a provider in the trash permanently, with its keys and models.", "delete_trashed", finding=_TRASHED,
                removes="-", asks="Delete {} permanently, with its keys and models?",
            ),
        ],
    ),
}  # fmt: skip
