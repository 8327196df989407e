"""Settings of the AvaTax connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    """Environment: AVATAX_ADDRESS (https://rest.avatax.com), AVATAX_ACCOUNT_ID, AVATAX_LICENSE_KEY and
    AVATAX_COMPANY_CODE; optional AVATAX_TAX_CODE (what is sold, in Avalara's catalogue), AVATAX_TAX_CODES as JSON
    ({"HC-STORAGE": "SW056003"}: product to its own code), AVATAX_TIMEOUT_SECONDS, AVATAX_MAX_IN_FLIGHT and
    AVATAX_REQUESTS_PER_SECOND."""

    model_config = SettingsConfigDict(env_prefix="AVATAX_", env_file=".env", extra="ignore")

    address: str
    account_id: SecretStr
    license_key: SecretStr
    company_code: str
    # Software as a service, to a business.
    tax_code: str = "SW052000"
    tax_codes: dict[str, str] = {}
    timeout_seconds: float = Field(default=30, gt=0)
    max_in_flight: int = Field(default=4, ge=1)
    requests_per_second: int = Field(default=10, ge=1)

    @classmethod
    def from_sandbox(cls, system: Mapping[str, Any]) -> Config:
        """From one line of the sandbox's systems.json."""
        given = system["credentials"]
        return cls(
            address=system["address"],
            account_id=given["account_id"],
            license_key=given["license_key"],
            company_code=given["company_code"],
            _env_file=None,
        )
