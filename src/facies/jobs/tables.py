"""The tables, as the newest migration leaves them (a test compares the two)."""

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

jobs: Final = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),
    sa.Column("owner", sa.String(36)),
    sa.Column("dialect", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("model_sha256", sa.String(64), nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("photo_name", sa.Text, nullable=False),
    sa.Column("photo_bytes", sa.BigInteger, nullable=False),
    sa.Column("photo_height", sa.BigInteger, nullable=False),
    sa.Column("photo_width", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("started_at", sa.Double),
    sa.Column("finished_at", sa.Double),
    sa.Column("expires_at", sa.Double, nullable=False, index=True),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease_worker", sa.Text),
    sa.Column("lease_token", sa.String(36)),
    sa.Column("lease_until", sa.Double),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),  # gone for everybody but whoever still has to remove the files
    sa.Column("has_files", sa.Boolean, nullable=False),  # whether the blobs may hold anything of it
    sa.Column("error_code", sa.String(64)),
    sa.Column("error_message", sa.Text),
    sa.Column("batch", sa.String(36)),
    sa.Column("metadata", sa.JSON, nullable=False, server_default=sa.text("'{}'")),
    sa.Index(None, "status", "number"),
    sa.Index(None, "owner", "number"),
    sa.Index(None, "batch", "number"),
)

counters: Final = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)
"""One row, `JOB_NUMBER`. Raising it locks it, so submitting is serial: no number twice, no queue past its bound."""

JOB_NUMBER: Final = "job_number"

uploads: Final = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("owner", sa.String(36), index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("metadata", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
)
"""Photos that come in pieces."""

webhooks: Final = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("job_id", sa.String(36), nullable=False, index=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", sa.Double, nullable=False, index=True),
    sa.Column("sealed_secret", sa.Text, nullable=False, server_default=sa.text("''")),
)
"""Calls that are still to be made, each once its job is over."""

data_folder: Final = sa.Table(
    "data_folder",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
)
"""One row: the data folder of the server that started last, by its key; "" before any did."""

workers: Final = sa.Table(
    "workers",
    metadata,
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("started_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("process", sa.Text),
)
"""Every worker says now and then that it is alive."""

figures: Final = sa.Table(
    "figures",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("label", sa.String(255), primary_key=True),
    sa.Column("value", sa.Double, nullable=False),
)
"""What is counted over all jobs there ever were; see `facies.jobs.figures`."""

api_keys: Final = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("prefix", sa.String(16), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("revoked_at", sa.Double),
    sa.Column("scopes", sa.Text, nullable=False, server_default=sa.text("'jobs models'")),  # words, a space between
    sa.Column("expires_at", sa.Double),
    sa.Column("requests_per_minute", sa.Integer),
    sa.Column("spent_until", sa.Double),  # see facies.jobs.keys.KeyRows.spend
)

tombstones: Final = sa.Table(
    "tombstones",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("owner", sa.String(36)),
    sa.Column("expired_at", sa.Double, nullable=False, index=True),
    sa.Column("batch", sa.String(36), index=True),
)
"""Jobs whose time ran out, so that their senders can be told so rather than that there never was such a job."""

idempotency_keys: Final = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("owner", sa.String(36), primary_key=True),  # "" without a key: NULL would never equal itself
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("job_ids", sa.JSON, nullable=False),
    sa.Column("batch", sa.String(36)),
    sa.Column("created_at", sa.Double, nullable=False, index=True),
)
"""What was sent under a sender's own key, so that sending it twice makes its jobs once."""
