"""Avalara AvaTax REST v2: transactions with their tax, over Basic authentication."""

from sandbox.emulators.avatax.emulator import Emulator

__all__ = ["Emulator"]
