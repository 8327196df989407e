"""Refusals: what the house says no to, in words for the person who asked."""

from __future__ import annotations


class Refused(Exception):
    """A request that the house declines. `code` is stable, `sentence` is for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Forbidden(Refused):
    """The actor may not do this; the sentence names the policy."""


class Stale(Refused):
    """The row has moved on since the page was drawn; `sentence` where it is known what happened, and through whom."""

    def __init__(self, what: str, sentence: str | None = None) -> None:
        told = sentence or f"{what} was changed by someone else in the meantime. Look again and repeat."
        super().__init__("row.stale", told)


class NotFound(Refused):
    """The thing asked for does not exist, or is outside the actor's entities."""

    def __init__(self, what: str) -> None:
        super().__init__("row.missing", f"{what} does not exist or is not yours to see.")


class IllegalMove(Refused):
    """A state machine has no such move."""

    def __init__(self, what: str, old: str, new: str) -> None:
        super().__init__("state.illegal", f"{what} is {old} and cannot become {new}.")
