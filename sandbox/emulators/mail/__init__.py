"""A mailbox: an SMTP server on this machine, and what arrived there over HTTP."""

from sandbox.emulators.mail.emulator import Emulator

__all__ = ["Emulator"]
