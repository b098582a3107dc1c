"""What the native API knows of jobs and keys: batches, metadata, tombstones, idempotency, scopes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add to jobs and keys, and make room for what outlives a job."""
    op.add_column("jobs", sa.Column("batch", sa.String(36)))
    op.add_column("jobs", sa.Column("metadata", sa.JSON, nullable=False, server_default=sa.text("'{}'")))
    op.create_index("ix_jobs_batch_number", "jobs", ["batch", "number"])
    op.add_column("api_keys", sa.Column("scopes", sa.Text, nullable=False, server_default=sa.text("'jobs models'")))
    op.add_column("api_keys", sa.Column("expires_at", sa.Double))
    op.add_column("api_keys", sa.Column("requests_per_minute", sa.Integer))
    _create_tombstones()
    _create_idempotency_keys()


def _create_tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(36)),
        sa.Column("expired_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tombstones"),
    )
    op.create_index("ix_tombstones_expired_at", "tombstones", ["expired_at"])


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("job_ids", sa.JSON, nullable=False),
        sa.Column("batch", sa.String(36)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
