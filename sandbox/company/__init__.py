"""The simulated company "Halden Cloud": a history to start with, and a life that goes on."""

from .house import billing_truth, populate_house
from .house.sending import Sender
from .life import Life
from .populate import populate
from .truth import truth
from .vendor import Emulator

__all__ = ["Emulator", "Life", "Sender", "billing_truth", "populate", "populate_house", "truth"]
