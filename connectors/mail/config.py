"""Settings of the mail connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Config(BaseSettings):
    """Environment: MAIL_HOST, MAIL_SENDER (the address that messages come from), usually MAIL_PORT, MAIL_USER and
    MAIL_PASSWORD; MAIL_SECURITY says how the line is kept private (starttls, tls from the first byte, or none);
    optional MAIL_SENDER_NAME, MAIL_REPLY_TO, MAIL_DOMAIN (of our message ids), MAIL_TIMEOUT_SECONDS,
    MAIL_MAX_IN_FLIGHT, MAIL_REQUESTS_PER_SECOND."""

    model_config = SettingsConfigDict(env_prefix="MAIL_", env_file=".env", extra="ignore")

    host: str
    sender: str
    port: int = 587
    user: str | None = None
    password: SecretStr | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender_name: str | None = None
    reply_to: str | None = None
    domain: str = "quittance.invalid"
    timeout_seconds: float = Field(default=30, gt=0)
    max_in_flight: int = Field(default=4, ge=1)
    requests_per_second: int = Field(default=20, ge=1)

    @classmethod
    def from_sandbox(cls, system: Mapping[str, Any]) -> Config:
        """From one line of the sandbox's systems.json. Its mailbox listens on this machine only, without TLS."""
        given = system["credentials"]
        return cls(
            host=given["host"],
            port=int(given["port"]),
            user=given["user"],
            password=given["password"],
            sender="billing@halden.example",
            security="none",
            domain="halden.example",
            _env_file=None,
        )
