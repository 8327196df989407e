"""Support cases that have nothing to do with invoices."""

from random import Random

from .contracts import Window
from .ids import midnight
from .model import Complaint, Customer
from .names import SUPPORT_SUBJECTS

DAY = 86_400


def support(rng: Random, customers: list[Customer], span: Window, first: int) -> list[Complaint]:
    """About one per customer over the window; most are closed within days."""
    made: list[Complaint] = []
    begin, now = midnight(span.start), midnight(span.anchor)
    for _ in customers:
        customer = rng.choice(customers)
        at = rng.randrange(begin, now - DAY)
        closed = at + rng.randrange(1, 12) * DAY
        kind, subject = rng.choice(SUPPORT_SUBJECTS)
        made.append(
            Complaint(first + len(made), customer.index, None, at, closed if closed < now else None, kind, "Other",
                      subject, f"{subject}. Sent by {customer.people[0][0]} {customer.people[0][1]}.", "Medium")
        )  # fmt: skip
    return made
