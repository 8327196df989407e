"""Settings of the NetSuite connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    """Environment: NETSUITE_ADDRESS (https://<account>.suitetalk.api.netsuite.com), NETSUITE_CLIENT_ID,
    NETSUITE_CERTIFICATE_ID and NETSUITE_PRIVATE_KEY (PEM) of a client-credentials mapping; optional NETSUITE_ALGORITHM,
    NETSUITE_TIMEOUT_SECONDS, NETSUITE_MAX_IN_FLIGHT, NETSUITE_REQUESTS_PER_SECOND, NETSUITE_PAGE_ROWS,
    NETSUITE_SENDS_NUMBERS, and as JSON NETSUITE_SUBSIDIARIES ({"UK": "3"}: legal entity to internal id) and
    NETSUITE_TAX_CODES ({"DE:0": "EU-RC"}: legal entity and percent, or * for any, to the name of a tax code), for what
    cannot be found by country and rate."""

    model_config = SettingsConfigDict(env_prefix="NETSUITE_", env_file=".env", extra="ignore")

    address: str
    client_id: SecretStr
    certificate_id: SecretStr
    private_key: SecretStr
    algorithm: Literal["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"] = "PS256"
    timeout_seconds: float = Field(default=30, gt=0)
    # NetSuite counts requests in flight per account and shares them among all integrations.
    max_in_flight: int = Field(default=3, ge=1)
    requests_per_second: int = Field(default=5, ge=1)
    page_rows: int = Field(default=1000, ge=1, le=1000)
    # Whether a document keeps its number; otherwise NetSuite numbers it.
    sends_numbers: bool = True
    subsidiaries: dict[str, str] = {}
    tax_codes: dict[str, str] = {}

    @classmethod
    def from_sandbox(cls, system: Mapping[str, Any]) -> Config:
        """From one line of the sandbox's systems.json."""
        given = system["credentials"]
        return cls(
            address=system["address"],
            client_id=given["client_id"],
            certificate_id=given["certificate_id"],
            private_key=given["private_key"],
            _env_file=None,
        )
