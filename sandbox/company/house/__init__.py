"""Contracts that the product itself bills: who signed what, what they use, and what is wrong on purpose.

They stand beside the company's older contracts, which Stripe bills; nothing of those depends on them.
"""

from .books import Books
from .populating import populate_house
from .truth import billing_truth

__all__ = ["Books", "billing_truth", "populate_house"]
