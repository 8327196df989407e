"""What the customer's side of the CRM may change after a contract was signed, through Salesforce's own interface."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import httpx

_ROOT = "/services/data/v66.0"


def want_purchase_order(line: Mapping[str, Any], contract: str) -> None:
    """From now on who signed the contract pays only against a purchase order number; none was given."""
    with _signed_in(line) as desk:
        query = f"SELECT AccountId FROM Contract WHERE ContractNumber = '{contract}'"
        (found,) = desk.get(f"{_ROOT}/query", params={"q": query}).raise_for_status().json()["records"]
        account = f"{_ROOT}/sobjects/Account/{found['AccountId']}"
        desk.patch(account, json={"PO_Required__c": True}).raise_for_status()


def _signed_in(line: Mapping[str, Any]) -> httpx.Client:
    given = line["credentials"]
    trusted = ssl.create_default_context(cafile=line["ca_file"])
    answer = httpx.post(
        f"{line['address']}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(given["consumer_key"], given["consumer_secret"]),
        verify=trusted,
    )
    token = answer.raise_for_status().json()["access_token"]
    return httpx.Client(base_url=line["address"], verify=trusted, headers={"Authorization": f"Bearer {token}"})
