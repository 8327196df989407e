"""The corridor: commands, handlers, and `execute`, the one door for every change."""

from core.workflow.actors import Actor, Role
from core.workflow.execute import Receipt, execute

__all__ = ["Actor", "Receipt", "Role", "execute"]
