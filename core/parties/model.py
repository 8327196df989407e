"""What a legal entity says of itself on paper, and how the companies of the demo are paid."""

from __future__ import annotations

from dataclasses import dataclass

# The columns of a legal entity that make its letterhead and that people may write.
LETTERHEAD = ("address", "tax_id", "email", "payment_instructions")


@dataclass(frozen=True, slots=True)
class DemoEntity:
    code: str
    name: str
    country: str
    currency: str
    payment_instructions: str


def demo_entities() -> tuple[DemoEntity, ...]:
    """The companies of Halden Cloud, the simulated company, with the accounts that their customers pay into."""
    return (
        DemoEntity(
            "US",
            "Halden Cloud Inc",
            "US",
            "USD",
            "Pacific Harbor Bank, San Francisco\nRouting (ABA) 121000248 · Account 4000 281 907",
        ),
        DemoEntity(
            "CA",
            "Halden Cloud Canada Ltd",
            "CA",
            "CAD",
            "Lakeshore Bank of Ontario, Toronto\nInstitution 004 · Transit 10202 · Account 5218 834",
        ),
        DemoEntity(
            "UK",
            "Halden Cloud UK Ltd",
            "GB",
            "GBP",
            "Fleet Street Bank, London\nSort code 40-12-76 · Account 12345678\n"
            "IBAN GB71 HBUK 4012 7612 3456 78 · BIC HBUKGB4B",
        ),
        DemoEntity(
            "DE",
            "Halden Cloud GmbH",
            "DE",
            "EUR",
            "Hafenbank Hamburg\nIBAN DE17 1005 0000 0190 2876 55 · BIC BELADEBE",
        ),
        DemoEntity(
            "FR",
            "Halden Cloud SAS",
            "FR",
            "EUR",
            "Banque de la Bourse, Paris\nIBAN FR19 3000 4008 2800 0123 4567 800 · BIC BNPAFRPP",
        ),
        DemoEntity(
            "AU",
            "Halden Cloud Pty Ltd",
            "AU",
            "AUD",
            "Southern Cross Bank, Sydney\nBSB 062-000 · Account 1087 4412",
        ),
    )
