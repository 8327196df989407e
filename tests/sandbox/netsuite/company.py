"""A small company in the emulator, a clock that tests move, and a client that signs in as a product would."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from starlette.testclient import TestClient

from sandbox.emulators.netsuite import Emulator

RECORD = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
TOKEN = "/services/rest/auth/oauth2/v1/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
STRICT = {"X-NetSuite-PropertyNameValidation": "Error"}


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 10, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **steps: int) -> None:
        self.time += timedelta(**steps)


def fill(emulator: Emulator) -> None:
    """Two subsidiaries, two customers, one item, a tax code of 20 %, October locked for receivables, November open."""
    emulator.load(
        "currency", [{"id": 1, "name": "US Dollar", "symbol": "USD"}, {"id": 2, "name": "Euro", "symbol": "EUR"}]
    )
    emulator.load("subsidiary", [_subsidiary(1, "Halden Inc", 1), _subsidiary(4, "Halden GmbH", 2)])
    emulator.load("term", [{"id": 5, "name": "Net 30", "daysuntilnetdue": "30"}])
    emulator.load("salestaxitem", [{"id": 7, "itemid": "VAT-20", "rate": "20"}])
    emulator.load("item", [{"id": 881, "itemid": "HC-CORE", "displayname": "Core", "itemtype": "Service"}])
    emulator.load("account", [{"id": 217, "acctnumber": "1000", "accttype": "Bank", "fullname": "Bank"}])
    emulator.load("account", [{"id": 401, "acctnumber": "4000", "accttype": "Income", "fullname": "Revenue"}])
    emulator.load("accountingperiod", [_period(9, 10, 31, "T"), _period(10, 11, 30, "F")])
    emulator.load("customer", [_customer(4102, "Acme", 1, 1), _customer(4103, "Beta", 4, 2)])


def _subsidiary(id: int, name: str, currency: int) -> dict[str, Any]:
    return {"id": id, "name": name, "currency": currency, "country": "US"}


def _period(id: int, month: int, last: int, locked: str) -> dict[str, Any]:
    span = {"startdate": f"2026-{month}-01", "enddate": f"2026-{month}-{last}"}
    return {"id": id, "periodname": f"Month {month}", "isposting": "T", "closed": "F", "arlocked": locked, **span}


def _customer(id: int, name: str, subsidiary: int, currency: int) -> dict[str, Any]:
    stamps = {"datecreated": "2026-01-01 00:00:00", "lastmodifieddate": "2026-01-01 00:00:00"}
    place = {"subsidiary": subsidiary, "currency": currency, "terms": 5}
    return {"id": id, "entityid": name, "companyname": name, "externalid": f"001{name}", **place, **stamps}


def invoice(**changes: Any) -> dict[str, Any]:
    line = {"item": {"id": "881"}, "quantity": 12, "rate": 49.5, "amount": 594.0, "description": "Seats"}
    body = {"entity": {"id": "4102"}, "tranDate": "2026-11-05", "item": {"items": [line | {"taxCode": {"id": "7"}}]}}
    return body | changes


def assertion(emulator: Emulator, clock: Clock, algorithm: str = "PS256", **changes: Any) -> str:
    secrets = emulator.credentials()
    prefix = "ec_" if algorithm.startswith("ES") else ""
    issued = int(clock().timestamp())
    claims = {"iss": secrets["client_id"], "scope": ["rest_webservices"], "aud": f"http://testserver{TOKEN}"}
    claims |= {"iat": issued, "exp": issued + 3000} | changes
    head = {"kid": secrets[prefix + "certificate_id"], "typ": "JWT"}
    return jwt.encode(claims, _key(secrets[prefix + "private_key"]), algorithm, headers=head)


@cache
def _key(pem: str) -> Any:
    """Reading an RSA key checks its primes: once is enough."""
    return serialization.load_pem_private_key(pem.encode(), None)


def ask_token(client: httpx.Client, signed: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": signed}
    return client.post(TOKEN, data=form)


def sign_in(emulator: Emulator, clock: Clock, client: httpx.Client, **changes: Any) -> None:
    answer = ask_token(client, assertion(emulator, clock, **changes))
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def select(client: TestClient, query: str, *values: Any, **page: int) -> httpx.Response:
    return client.post(SUITEQL, params=page, json={"q": query, "params": list(values)}, headers={"Prefer": "transient"})


def rows(client: TestClient, query: str, *values: Any, **page: int) -> list[dict[str, str]]:
    answer = select(client, query, *values, **page)
    assert answer.status_code == 200, answer.text
    return [{name: value for name, value in item.items() if name != "links"} for item in answer.json()["items"]]


def id_of(answer: httpx.Response) -> str:
    assert answer.status_code == 204, answer.text
    assert answer.content == b""
    return answer.headers["location"].rpartition("/")[2]


def error(answer: httpx.Response) -> tuple[int, str, str | None]:
    first = answer.json()["o:errorDetails"][0]
    return answer.status_code, first["o:errorCode"], first.get("o:errorPath")


def read(client: TestClient, kind: str, reference: str) -> dict[str, Any]:
    answer = client.get(f"{RECORD}/{kind}/{reference}", params={"expandSubResources": "true"})
    assert answer.status_code == 200, answer.text
    return answer.json()
