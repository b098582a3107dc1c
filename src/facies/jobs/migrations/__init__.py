"""The database's history, applied by Alembic whenever a store is opened."""
