"""Baseline: the whole model, the two singletons, and the triggers that keep the audit append-only.

Revision: 0001. Self-contained on purpose: later changes to the tables do not change what this step did.
Trigger texts are compared at boot (app/storage/triggers.py).
"""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# recursive_triggers=ON makes INSERT OR REPLACE fire the DELETE trigger; the INSERT trigger refuses it on its own too.
SQLITE = [
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
    """CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)
  OR NOT EXISTS (SELECT 1 FROM audit_head WHERE id = 1 AND NEW.seq = seq + 1 AND NEW.prev_hash = hash)
BEGIN SELECT RAISE(ABORT, 'the audit is written in order'); END""",
    """CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
WHEN NEW.id <> OLD.id OR NEW.seq <> OLD.seq + 1 OR NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq AND hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'the audit goes forward'); END""",
    """CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END""",
]

POSTGRESQL = [
    """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$""",
    """CREATE FUNCTION audit_check_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM audit_head WHERE id = 1 AND NEW.seq = seq + 1 AND NEW.prev_hash = hash) THEN
    RAISE EXCEPTION 'the audit is written in order';
  END IF;
  RETURN NEW;
END $$""",
    """CREATE FUNCTION audit_check_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.seq <> OLD.seq + 1 OR NOT EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq AND hash = NEW.hash) THEN
    RAISE EXCEPTION 'the audit goes forward';
  END IF;
  RETURN NEW;
END $$""",
    "CREATE TRIGGER audit_no_update BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_in_order BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_check_order()",
    "CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_check_forward()",
    "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
]


def upgrade() -> None:
    create_tables()
    # The singletons exist before anything else, so that their rows can be locked.
    op.bulk_insert(
        sa.table("instance", sa.column("id"), sa.column("instance_id"), sa.column("revision"),
                 sa.column("created_at", sa.DateTime(timezone=True))),
        [{"id": 1, "instance_id": str(uuid.uuid4()), "revision": 0, "created_at": datetime.now(UTC)}],
    )
    op.bulk_insert(
        sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash", sa.LargeBinary)),
        [{"id": 1, "seq": 0, "hash": bytes(32)}],
    )
    for statement in SQLITE if op.get_context().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(sa.text(statement))


def downgrade() -> None:
    raise RuntimeError("Nothing lies below the baseline. Restore a backup instead.")


def create_tables() -> None:
    op.create_table('alias',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('description', sa.String(length=500), nullable=False),
        sa.Column('enabled', sa.Boolean(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('created_by', sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_alias')),
        sa.UniqueConstraint('name', name=op.f('uq_alias_name'))
    )
    op.create_table('audit',
        sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('ts', sa.BigInteger(), nullable=False),
        sa.Column('actor_type', sa.String(length=16), nullable=False),
        sa.Column('actor_id', sa.String(length=80), nullable=False),
        sa.Column('actor_name', sa.String(length=254), nullable=False),
        sa.Column('ip', sa.String(length=64), nullable=False),
        sa.Column('session_id_hash', sa.String(length=16), nullable=False),
        sa.Column('request_id', sa.String(length=64), nullable=False),
        sa.Column('action', sa.String(length=60), nullable=False),
        sa.Column('target_type', sa.String(length=30), nullable=False),
        sa.Column('target_id', sa.String(length=80), nullable=False),
        sa.Column('target_name', sa.String(length=254), nullable=False),
        sa.Column('outcome', sa.String(length=8), nullable=False),
        sa.Column('changes', sa.JSON(), nullable=False),
        sa.Column('reason', sa.String(length=200), nullable=False),
        sa.Column('prev_hash', sa.LargeBinary(length=32), nullable=False),
        sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
        sa.Column('seal', sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit'))
    )
    op.create_index(op.f('ix_audit_action'), 'audit', ['action'], unique=False)
    op.create_index(op.f('ix_audit_target_id'), 'audit', ['target_id'], unique=False)
    op.create_table('audit_head',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('seq', sa.BigInteger(), nullable=False),
        sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_head'))
    )
    op.create_table('client_key',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('public_id', sa.String(length=16), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('scope', sa.String(length=16), nullable=False),
        sa.Column('models', sa.JSON(none_as_null=True), nullable=True),
        sa.Column('providers', sa.JSON(none_as_null=True), nullable=True),
        sa.Column('requests_per_minute', sa.Integer(), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('created_by', sa.String(length=80), nullable=False),
        sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_client_key')),
        sa.UniqueConstraint('public_id', name=op.f('uq_client_key_public_id'))
    )
    op.create_table('crypto_key',
        sa.Column('kid', sa.String(length=10), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('canary', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('kid', name=op.f('pk_crypto_key'))
    )
    op.create_index('uq_crypto_key_one_active', 'crypto_key', ['state'], unique=True, sqlite_where=sa.text("state = 'active'"), postgresql_where=sa.text("state = 'active'"))
    op.create_table('egress_approval',
        sa.Column('origin', sa.String(length=300), nullable=False),
        sa.Column('approved_by', sa.String(length=80), nullable=False),
        sa.Column('approved_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('origin', name=op.f('pk_egress_approval'))
    )
    op.create_table('instance',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('instance_id', sa.String(length=36), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('default_provider_id', sa.String(length=36), nullable=True),
        sa.Column('setup_token_hash', sa.String(length=64), nullable=True),
        sa.Column('setup_expires_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('setup_done_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_instance'))
    )
    op.create_table('login_throttle',
        sa.Column('subject', sa.String(length=80), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('subject', name=op.f('pk_login_throttle'))
    )
    op.create_table('provider',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=50), nullable=False),
        sa.Column('label', sa.String(length=80), nullable=False),
        sa.Column('description', sa.String(length=500), nullable=False),
        sa.Column('type', sa.String(length=20), nullable=False),
        sa.Column('preset', sa.String(length=50), nullable=True),
        sa.Column('base_url', sa.String(length=2048), nullable=False),
        sa.Column('origin', sa.String(length=300), nullable=False),
        sa.Column('auth_type', sa.String(length=20), nullable=False),
        sa.Column('auth', sa.JSON(), nullable=False),
        sa.Column('network', sa.JSON(), nullable=False),
        sa.Column('limits', sa.JSON(), nullable=False),
        sa.Column('capabilities', sa.JSON(), nullable=False),
        sa.Column('default_model', sa.String(length=200), nullable=True),
        sa.Column('only_listed_models', sa.Boolean(), nullable=False),
        sa.Column('tags', sa.JSON(), nullable=False),
        sa.Column('enabled', sa.Boolean(), nullable=False),
        sa.Column('is_system', sa.Boolean(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('created_by', sa.String(length=80), nullable=False),
        sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_provider'))
    )
    op.create_index(op.f('ix_provider_revision'), 'provider', ['revision'], unique=False)
    op.create_index('uq_provider_live_name', 'provider', ['name'], unique=True, sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('system_secret',
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_system_secret'))
    )
    op.create_table('template',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('description', sa.String(length=500), nullable=False),
        sa.Column('body', sa.JSON(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('created_by', sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_template')),
        sa.UniqueConstraint('name', name=op.f('uq_template_name'))
    )
    op.create_table('user_account',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('role', sa.String(length=16), nullable=False),
        sa.Column('password_hash', sa.String(length=255), nullable=False),
        sa.Column('is_active', sa.Boolean(), nullable=False),
        sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_user_account')),
        sa.UniqueConstraint('email', name=op.f('uq_user_account_email'))
    )
    op.create_table('worker_heartbeat',
        sa.Column('worker_id', sa.String(length=36), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('host', sa.String(length=255), nullable=False),
        sa.Column('pid', sa.Integer(), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('kids', sa.JSON(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('worker_id', name=op.f('pk_worker_heartbeat'))
    )
    op.create_index(op.f('ix_worker_heartbeat_seen_at'), 'worker_heartbeat', ['seen_at'], unique=False)
    op.create_table('alias_target',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('alias_id', sa.String(length=36), nullable=False),
        sa.Column('provider_id', sa.String(length=36), nullable=False),
        sa.Column('model', sa.String(length=200), nullable=False),
        sa.Column('priority', sa.Integer(), nullable=False),
        sa.Column('weight', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['alias_id'], ['alias.id'], name=op.f('fk_alias_target_alias_id_alias'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_alias_target_provider_id_provider'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_alias_target'))
    )
    op.create_index(op.f('ix_alias_target_alias_id'), 'alias_target', ['alias_id'], unique=False)
    op.create_index(op.f('ix_alias_target_provider_id'), 'alias_target', ['provider_id'], unique=False)
    op.create_table('credential',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('provider_id', sa.String(length=36), nullable=False),
        sa.Column('label', sa.String(length=80), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('weight', sa.Integer(), nullable=False),
        sa.Column('priority', sa.Integer(), nullable=False),
        sa.Column('origin', sa.String(length=300), nullable=False),
        sa.Column('reference', sa.String(length=500), nullable=True),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('state_reason', sa.String(length=200), nullable=False),
        sa.Column('state_since', sa.DateTime(timezone=True), nullable=True),
        sa.Column('next_retry_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('retire_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_credential_provider_id_provider'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_credential'))
    )
    op.create_index(op.f('ix_credential_provider_id'), 'credential', ['provider_id'], unique=False)
    op.create_table('model',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('provider_id', sa.String(length=36), nullable=False),
        sa.Column('identifier', sa.String(length=200), nullable=False),
        sa.Column('label', sa.String(length=80), nullable=False),
        sa.Column('description', sa.String(length=500), nullable=False),
        sa.Column('context_length', sa.Integer(), nullable=True),
        sa.Column('output_limit', sa.Integer(), nullable=True),
        sa.Column('capabilities', sa.JSON(), nullable=False),
        sa.Column('pricing', sa.JSON(), nullable=False),
        sa.Column('sources', sa.JSON(), nullable=False),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_model_provider_id_provider'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_model'))
    )
    op.create_index('uq_model_provider_identifier', 'model', ['provider_id', 'identifier'], unique=True)
    op.create_table('probe',
        sa.Column('provider_id', sa.String(length=36), nullable=False),
        sa.Column('credential_id', sa.String(length=36), nullable=False),
        sa.Column('model', sa.String(length=200), nullable=False),
        sa.Column('configuration', sa.String(length=64), nullable=False),
        sa.Column('result', sa.JSON(), nullable=False),
        sa.Column('tested_by', sa.String(length=80), nullable=False),
        sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_probe_provider_id_provider'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('provider_id', 'credential_id', 'model', name=op.f('pk_probe'))
    )
    op.create_table('user_session',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('user_id', sa.String(length=36), nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('csrf_token', sa.String(length=64), nullable=False),
        sa.Column('ip', sa.String(length=64), nullable=False),
        sa.Column('user_agent', sa.String(length=200), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_user_session_user_id_user_account'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_user_session')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_user_session_token_hash'))
    )
    op.create_index(op.f('ix_user_session_expires_at'), 'user_session', ['expires_at'], unique=False)
    op.create_index(op.f('ix_user_session_user_id'), 'user_session', ['user_id'], unique=False)
    op.create_table('credential_secret',
        sa.Column('credential_id', sa.String(length=36), nullable=False),
        sa.Column('field', sa.String(length=40), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.Column('hint', sa.String(length=4), nullable=False),
        sa.Column('fingerprint', sa.String(length=12), nullable=False),
        sa.Column('broken_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['credential_id'], ['credential.id'], name=op.f('fk_credential_secret_credential_id_credential'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('credential_id', 'field', name=op.f('pk_credential_secret'))
    )
    op.create_index(op.f('ix_credential_secret_fingerprint'), 'credential_secret', ['fingerprint'], unique=False)
