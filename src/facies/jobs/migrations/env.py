"""Run by Alembic: applies the steps on the connection that `facies.jobs.database` opened and locked."""

from alembic import context

from facies.jobs.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll back DDL too; Alembic doubts it because of drivers that commit by themselves, which ours does not.
    transactional_ddl=True,
)
context.run_migrations()
