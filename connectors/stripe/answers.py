"""What the ledger reads of Stripe's answers: objects that it made or looked up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from connectors.shapes import Shape

# In minor units, and no more of them than the store can hold.
Minor = Annotated[int, Field(ge=-(10**18), le=10**18)]


class Held(Shape):
    """What invoices and credit notes have in common."""

    id: str
    status: str
    total: Minor
    number: str | None = None
    total_excluding_tax: Minor | None = None


class HeldInvoice(Held):
    status: Literal["draft", "open", "paid", "void", "uncollectible"]
    collection_method: Literal["charge_automatically", "send_invoice"]
    amount_remaining: Minor


class Settings(Shape):
    """`default_payment_method` and its like: an id, or the whole object where it was asked for."""

    default_payment_method: Any = None


class HeldCustomer(Shape):
    id: str
    invoice_settings: Settings | None = None
    default_source: Any = None

    @property
    def can_be_charged(self) -> bool:
        """A payment method is on file."""
        settings = self.invoice_settings
        return bool((settings and settings.default_payment_method) or self.default_source)
