"""The database's history, applied by Alembic whenever a store is opened.

A new step is a new file in `versions`, written by hand: number and `down_revision` go on from the newest. Change
`facies.jobs.tables` with it; a test compares what the steps leave with what the code uses.
"""
