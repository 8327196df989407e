"""People, their sessions, and who may sign in."""
