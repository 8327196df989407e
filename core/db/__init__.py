"""The one store: PostgreSQL through SQLAlchemy; tables, engine, sessions."""
