"""Rows as the company writes them, and a client that is signed in."""

from datetime import UTC, datetime
from typing import Any

from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from sandbox.emulators.salesforce.identifiers import full_id

ROOT = "/services/data/v66.0"
STAMP = "2026-10-01T10:00:00.000+0000"
START = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def row_id(prefix: str, number: int) -> str:
    return full_id(f"{prefix}AA{number:010d}")


def row(prefix: str, number: int, stamp: str = STAMP, **fields: Any) -> dict[str, Any]:
    stamps = {"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp}
    return {"Id": row_id(prefix, number), **stamps, "IsDeleted": False, **fields}


def account(number: int, stamp: str = STAMP, **fields: Any) -> dict[str, Any]:
    given = {
        "Name": f"Account {number:04d}",
        "AccountNumber": f"A-{number}",
        "Type": "Customer",
        "BillingCountryCode": "DE",
        "CurrencyIsoCode": "EUR",
        "Segment__c": "Startup",
        "PO_Required__c": False,
        "Payment_Terms_Days__c": 30,
        "Credit_Hold__c": False,
    }
    return row("001", number, stamp, **(given | fields))


def signed_in(emulator: Emulator) -> TestClient:
    """A client whose requests carry a fresh token."""
    client = TestClient(emulator.app)
    given = emulator.credentials()
    pair = (given["consumer_key"], given["consumer_secret"])
    answer = client.post("/services/oauth2/token", data={"grant_type": "client_credentials"}, auth=pair)
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def found(client: TestClient, soql: str, endpoint: str = "query") -> list[dict[str, Any]]:
    """The records of the first page, without their attributes."""
    answer = client.get(f"{ROOT}/{endpoint}", params={"q": soql})
    assert answer.status_code == 200, answer.text
    return [{name: value for name, value in r.items() if name != "attributes"} for r in answer.json()["records"]]
