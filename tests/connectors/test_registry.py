"""Which connectors there are, and from where they get their settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.registry import REGISTRY, from_environment, from_sandbox
from core.ports import Misconfigured
from tests.connectors.vendors import PRIVATE_KEY

SETTINGS = {
    "SALESFORCE_ADDRESS": "https://acme.my.salesforce.com",
    "SALESFORCE_CONSUMER_KEY": "key",
    "SALESFORCE_CONSUMER_SECRET": "secret",
    "STRIPE_API_KEY": "rk_live_1",
    "NETSUITE_ADDRESS": "https://1234567.suitetalk.api.netsuite.com",
    "NETSUITE_CLIENT_ID": "client",
    "NETSUITE_CERTIFICATE_ID": "certificate",
    "NETSUITE_PRIVATE_KEY": PRIVATE_KEY,
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the machine and no .env file."""
    monkeypatch.chdir(tmp_path)
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def test_every_system_declares_what_it_can_do() -> None:
    assert [entry.capabilities.system for entry in REGISTRY.values()] == list(REGISTRY)
    assert REGISTRY["netsuite"].capabilities.posts == ("invoice", "credit_memo")
    assert REGISTRY["stripe"].capabilities.has_webhooks


def test_systems_without_settings_are_not_used() -> None:
    assert from_environment() == {}


def test_all_settings_open_all_connectors(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    found = from_environment()
    assert set(found) == {"salesforce", "stripe", "netsuite"}
    assert found["netsuite"].ledger is not None and found["stripe"].ledger is not None
    assert found["salesforce"].ledger is None


def test_settings_that_are_half_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETSUITE_CLIENT_ID", "client")
    with pytest.raises(Misconfigured, match="NETSUITE_ADDRESS, NETSUITE_CERTIFICATE_ID, NETSUITE_PRIVATE_KEY not set"):
        from_environment()


def test_a_setting_that_cannot_be_used_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SALESFORCE_ADDRESS", "http://plain.example")
    with pytest.raises(Misconfigured, match="SALESFORCE_ADDRESS not usable") as raised:
        from_environment()
    assert "plain.example" not in raised.value.sentence


def test_the_sandbox_tells_everything_a_connector_needs(tmp_path: Path) -> None:
    lines = [
        {"system": "stripe", "address": "http://127.0.0.1:1", "credentials": {"api_key": "sk_test_1"}},
        {"system": "telegraph", "address": "http://127.0.0.1:2", "credentials": {}},
        {
            "system": "salesforce",
            "address": "https://127.0.0.1:3",
            "credentials": {"consumer_key": "key", "consumer_secret": "secret", "username": "x"},
            "ca_file": str(tmp_path / "ca.pem"),
        },
    ]
    assert list(from_sandbox(lines)) == ["stripe", "salesforce"]
