"""An emulator of NetSuite: record service, SuiteQL and sign-in over one SQLite file."""

from sandbox.emulators.netsuite.emulator import Emulator

__all__ = ["Emulator"]
