"""Which data folder the photos of the jobs are in."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table with its one row."""
    data_folder = op.create_table(
        "data_folder",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_folder"),
    )
    op.bulk_insert(data_folder, [{"id": 1, "fingerprint": ""}])
