"""The schema's history: one Alembic chain for our tables and the queue's."""
