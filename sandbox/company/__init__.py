"""The simulated company "Halden Cloud": a history to start with, and a life that goes on."""

from .life import Life
from .populate import populate
from .truth import truth
from .vendor import Emulator

__all__ = ["Emulator", "Life", "populate", "truth"]
