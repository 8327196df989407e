"""What was paid and credited on each invoice: the figures that all three systems must show alike."""

from dataclasses import dataclass, field

from .model import Credit, Invoice, Payment, World


@dataclass(slots=True)
class Position:
    """One invoice's money up to the anchor."""

    payments: list[Payment] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)

    @property
    def paid(self) -> int:
        return sum(payment.amount - payment.excess for payment in self.payments if not payment.failed)

    @property
    def excess(self) -> int:
        return sum(payment.excess for payment in self.payments)

    @property
    def credited_before(self) -> int:
        """Credit notes that lowered what was still to be paid."""
        return sum(credit.amount for credit in self.credits if not credit.after_payment)

    @property
    def credited_after(self) -> int:
        return sum(credit.amount for credit in self.credits if credit.after_payment)

    def remaining(self, invoice: Invoice) -> int:
        return 0 if invoice.status == "void" else invoice.total - self.credited_before - self.paid

    def last_change(self, invoice: Invoice) -> int:
        times = [payment.at for payment in self.payments] + [credit.at for credit in self.credits]
        return max([invoice.created, *times])


NOTHING = Position()


def positions(made: World) -> dict[int, Position]:
    """By place of the invoice in the world; invoices without any payment or credit are left out."""
    found: dict[int, Position] = {}
    for payment in made.payments:
        found.setdefault(payment.invoice, Position()).payments.append(payment)
    for credit in made.credits:
        found.setdefault(credit.invoice, Position()).credits.append(credit)
    return found
