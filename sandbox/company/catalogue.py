"""Products with list prices, and the four customer segments."""

from dataclasses import dataclass

from .entities import PRICE_PERCENT
from .money import rounded


@dataclass(frozen=True, slots=True)
class Product:
    code: str
    name: str
    family: str
    unit: str
    list_minor: int
    """Dollars list price per unit and month, in cents."""
    mapped: bool = True
    """Whether the ledger has an item for it."""


CORE, ANALYTICS, STORAGE, SUPPORT = "HC-CORE", "HC-ANALYTICS", "HC-STORAGE", "HC-SUPPORT"
USAGE, BETA = "HC-USAGE", "HC-BETA"
PRODUCTS = (
    Product(CORE, "Halden Core", "Subscription", "seat", 3900),
    Product(ANALYTICS, "Halden Analytics", "Subscription", "seat", 2400),
    Product(STORAGE, "Halden Storage", "Subscription", "100 GB", 1500),
    Product(SUPPORT, "Premium Support", "Service", "plan", 49000),
    Product(USAGE, "API calls", "Usage", "1,000 calls", 45),
    Product(BETA, "Halden Forecast (beta)", "Subscription", "seat", 900, mapped=False),
)
PRODUCT = {product.code: product for product in PRODUCTS}


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    weight: int
    contracts: tuple[int, ...]
    """Weights of having 1, 2, 3 ... contracts."""
    frequencies: tuple[int, int, int]
    """Weights of monthly, quarterly and annual billing."""
    seats: tuple[int, int]
    terms: tuple[int, ...]
    card_percent: int
    po_percent: int
    price_percent: tuple[int, int]
    """Negotiated price, in percent of list."""
    extras: tuple[int, int, int, int]
    """Percent of contracts with analytics, storage, support, usage."""
    payers: tuple[int, int, int]
    """Weights of prompt, late and chronically late payers by bank."""


SEGMENTS = (
    Segment("Enterprise", 12, (8, 22, 34, 36), (84, 11, 5), (120, 900), (30, 30, 30, 45), 0, 70, (70, 85),
            (70, 60, 55, 55), (34, 52, 14)),
    Segment("Mid-market", 26, (25, 40, 35), (86, 10, 4), (30, 180), (30, 30, 30, 45), 5, 40, (80, 95),
            (55, 50, 35, 45), (40, 46, 14)),
    Segment("Small business", 38, (58, 32, 10), (85, 9, 6), (6, 40), (30, 30, 45), 14, 8, (90, 100),
            (35, 40, 12, 30), (28, 45, 27)),
    Segment("Startup", 24, (62, 30, 8), (90, 6, 4), (3, 25), (14, 30, 30), 28, 2, (85, 100),
            (30, 35, 5, 45), (22, 43, 35)),
)  # fmt: skip
SEGMENT = {segment.name: segment for segment in SEGMENTS}


def list_price(code: str, currency: str) -> int:
    """List price per unit and month in minor units of a currency."""
    return rounded(PRODUCT[code].list_minor * PRICE_PERCENT[currency], 100)
