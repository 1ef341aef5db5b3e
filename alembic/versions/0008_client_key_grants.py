"""What a client key may use, by id; and the person with whom it ends.

Revision: 0008. Names become what they mean today, in the order in which a selector is read. One that means nothing grants nothing.
"""

import json
from collections.abc import Iterator

import sqlalchemy as sa

from alembic import op
from app.domain.ids import uuid7

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MADE = "SELECT target_id, actor_type, actor_id FROM audit WHERE action = 'client_key:secret:issue'"


def upgrade() -> None:
    op.add_column("client_key", sa.Column("owner_user_id", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_client_key_owner_user_id"), "client_key", ["owner_user_id"])
    for name in ("all_models", "all_providers"):
        op.add_column("client_key", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    grants = _create_grants()
    connection = op.get_bind()
    _set_owners(connection)
    found = list(_grants(connection))
    if found:
        connection.execute(grants.insert(), found)
    for name in ("models", "providers"):
        op.drop_column("client_key", name)


def _create_grants() -> sa.Table:
    table = "client_key_grant"
    columns = [sa.Column("id", sa.String(length=36), nullable=False), sa.Column("client_key_id", sa.String(length=36), nullable=False)]
    columns += [sa.Column(name, sa.String(length=36), nullable=True) for name in ("provider_id", "alias_id")]
    owners = {"client_key_id": "client_key", "provider_id": "provider", "alias_id": "alias"}
    made = op.create_table(
        table,
        *columns,
        sa.Column("model", sa.String(length=512), nullable=True),
        sa.CheckConstraint(
            "(alias_id IS NOT NULL) <> (provider_id IS NOT NULL OR model IS NOT NULL)", name=op.f("ck_client_key_grant_one_thing")
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}_{other}"), ondelete="CASCADE")
            for name, other in owners.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for name in owners:
        op.create_index(op.f(f"ix_{table}_{name}"), table, [name])
    return made


def _set_owners(connection: sa.Connection) -> None:
    """A key belongs to who made it, or to whom the key belongs that made it."""
    made = {key: (kind, maker) for key, kind, maker in connection.execute(sa.text(MADE))}
    for (key,) in connection.execute(sa.text("SELECT id FROM client_key")).all():
        kind, maker, seen = *made.get(key, ("", "")), {key}
        while kind == "client_key" and maker not in seen:
            seen.add(maker)
            kind, maker = made.get(maker, ("", ""))
        if kind == "user":
            connection.execute(sa.text("UPDATE client_key SET owner_user_id = :maker WHERE id = :key"), {"maker": maker, "key": key})


def _grants(connection: sa.Connection) -> Iterator[dict[str, str | None]]:
    """Rows of `client_key_grant` for the lists of names. Flags are set on the way: no list at all was all of them."""
    # In the trash the one that was deleted last is meant; one that lives comes before all of those.
    named = "SELECT name, id FROM provider ORDER BY deleted_at IS NULL, deleted_at"
    providers = {name: id_ for name, id_ in connection.execute(sa.text(named))}
    aliases = {name: id_ for name, id_ in connection.execute(sa.text("SELECT name, id FROM alias"))}
    for key, *lists in connection.execute(sa.text("SELECT id, models, providers FROM client_key")).all():
        models, of_providers = (json.loads(found) if isinstance(found, str) else found for found in lists)
        connection.execute(
            sa.text("UPDATE client_key SET all_models = :models, all_providers = :providers WHERE id = :key").bindparams(
                sa.bindparam("models", type_=sa.Boolean()), sa.bindparam("providers", type_=sa.Boolean())
            ),
            {"models": models is None, "providers": of_providers is None, "key": key},
        )
        meant = [(providers[name], None, None) for name in of_providers or () if name in providers]
        meant += [one for name in models or () for one in _meanings(name, providers, aliases)]
        for provider_id, alias_id, model in dict.fromkeys(meant):
            yield {"id": uuid7(), "client_key_id": key, "provider_id": provider_id, "alias_id": alias_id, "model": model}


def _meanings(name: str, providers: dict[str, str], aliases: dict[str, str]) -> Iterator[tuple[str | None, str | None, str | None]]:
    """(provider id, alias id, model) for each thing that an entry of the list of models let a key use."""
    head, slash, rest = name.partition("/")
    if name in aliases:
        yield None, aliases[name], None
    if not slash:
        yield None, None, name
    elif head in providers and rest:
        yield providers[head], None, rest


def downgrade() -> None:
    raise RuntimeError("Going back is not supported. Restore a backup instead.")
