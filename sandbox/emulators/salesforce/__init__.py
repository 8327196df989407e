"""An emulator of Salesforce: OAuth, the REST data API with SOQL, composite requests and Bulk API 2.0."""

from sandbox.emulators.salesforce.emulator import Emulator

__all__ = ["Emulator"]
