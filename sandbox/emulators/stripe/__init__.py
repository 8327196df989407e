"""The Stripe emulator."""

from .emulator import Emulator

__all__ = ["Emulator"]
