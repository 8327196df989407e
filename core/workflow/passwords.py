"""Passwords for pages: what makes one good, and its hash. The plain text never enters a command."""

from core.access.rules import hash_password, password_findings

__all__ = ["hash_password", "password_findings"]
