"""Settings of the Salesforce connection."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    """Environment: SALESFORCE_ADDRESS (https://<My Domain>.my.salesforce.com), SALESFORCE_CONSUMER_KEY and
    SALESFORCE_CONSUMER_SECRET of an external client app with a "Run As" user; optional SALESFORCE_CA_FILE,
    SALESFORCE_API_VERSION, SALESFORCE_TIMEOUT_SECONDS, SALESFORCE_PAGE_ROWS, SALESFORCE_SINGLE_CURRENCY (the code of
    the only currency, for an org without several), SALESFORCE_DISPUTE_CASE_TYPE, SALESFORCE_LINES_FROM ("orders", or
    "cpq" for an org where the promises of a contract are its CPQ subscriptions) and SALESFORCE_QUOTES_FROM ("quotes",
    "cpq", or "none" for an org without them; otherwise as the lines)."""

    model_config = SettingsConfigDict(env_prefix="SALESFORCE_", env_file=".env", extra="ignore")

    address: str = Field(pattern="^https://")
    consumer_key: SecretStr
    consumer_secret: SecretStr
    ca_file: Path | None = None
    api_version: str = "66.0"
    timeout_seconds: float = Field(default=60, gt=0)
    page_rows: int = Field(default=2000, ge=1, le=2000)
    single_currency: str | None = None
    dispute_case_type: str = "Invoice dispute"
    lines_from: Literal["orders", "cpq"] = "orders"
    quotes_from: Literal["quotes", "cpq", "none"] | None = None

    @classmethod
    def from_sandbox(cls, system: Mapping[str, Any]) -> Config:
        """From one line of the sandbox's systems.json."""
        given = system["credentials"]
        return cls(
            address=system["address"],
            consumer_key=given["consumer_key"],
            consumer_secret=given["consumer_secret"],
            ca_file=system.get("ca_file"),
            _env_file=None,
        )
