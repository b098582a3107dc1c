"""Rates in the store, sealed secrets, tombstones of batches, and which process a worker is."""

import sqlalchemy as sa
from alembic import context, op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns, and seal the secrets of the calls that wait."""
    op.add_column("api_keys", sa.Column("spent_until", sa.Double))
    op.add_column("workers", sa.Column("process", sa.Text))
    op.add_column("tombstones", sa.Column("batch", sa.String(36)))
    op.create_index("ix_tombstones_batch", "tombstones", ["batch"])
    op.add_column("webhooks", sa.Column("sealed_secret", sa.Text, nullable=False, server_default=sa.text("''")))
    _seal_secrets()
    op.drop_column("webhooks", "secret")


def _seal_secrets() -> None:
    calls = sa.table("webhooks", sa.column("id"), sa.column("secret"), sa.column("sealed_secret"))
    connection, seal = op.get_bind(), context.config.attributes["seal"]
    for row in connection.execute(sa.select(calls.c.id, calls.c.secret)).all():
        sealed = seal.close(bytes.fromhex(row.secret))
        connection.execute(sa.update(calls).where(calls.c.id == row.id).values(sealed_secret=sealed))
