import time
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Faults
from tests.sandbox.salesforce.builders import ROOT, Clock

TOKEN = "/services/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def anyone(emulator: Emulator) -> TestClient:
    return TestClient(emulator.app)


def assertion(emulator: Emulator, key: str | None = None, **claims: object) -> dict[str, str]:
    given = emulator.credentials()
    said = {
        "iss": given["consumer_key"],
        "sub": given["username"],
        "aud": "https://login.salesforce.com",
        "exp": f"{time.time() + 180:.0f}",  # a string, as the library writes it
    }
    signed = jwt.encode(said | claims, key or given["private_key"], algorithm="RS256")
    return {"grant_type": JWT_BEARER, "assertion": signed}


def new_key() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def test_client_credentials_are_taken_from_the_basic_header(anyone: TestClient, emulator: Emulator) -> None:
    given = emulator.credentials()
    pair = (given["consumer_key"], given["consumer_secret"])
    answer = anyone.post(TOKEN, data={"grant_type": "client_credentials"}, auth=pair)
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    assert body["instance_url"] == "http://testserver"
    assert body["token_type"] == "Bearer"
    assert body["access_token"].startswith("00D")
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert anyone.get(f"{ROOT}/limits", headers=headers).status_code == 200


def test_client_credentials_are_taken_from_the_form(anyone: TestClient, emulator: Emulator) -> None:
    given = emulator.credentials()
    form = {"client_id": given["consumer_key"], "client_secret": given["consumer_secret"]}
    assert anyone.post(TOKEN, data={"grant_type": "client_credentials", **form}).status_code == 200


def test_an_assertion_signed_with_the_own_key_gives_a_token(anyone: TestClient, emulator: Emulator) -> None:
    answer = anyone.post(TOKEN, data=assertion(emulator))
    assert answer.status_code == 200
    assert answer.json()["access_token"]


def test_a_foreign_key_is_trusted_once_it_is_registered(anyone: TestClient, emulator: Emulator) -> None:
    private, public = new_key()
    refused = anyone.post(TOKEN, data=assertion(emulator, private))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    emulator.sessions.register(public)
    assert anyone.post(TOKEN, data=assertion(emulator, private)).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "another app"}, "invalid_client_id"),
        ({"sub": "somebody@else.example"}, "invalid_grant"),
        ({"aud": "https://example.com"}, "invalid_grant"),
        ({"exp": str(int(time.time()) - 5)}, "invalid_grant"),
    ],
)
def test_an_assertion_with_wrong_claims_is_refused(
    anyone: TestClient, emulator: Emulator, claims: dict[str, str], error: str
) -> None:
    answer = anyone.post(TOKEN, data=assertion(emulator, **claims))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}, "invalid_client_id"),
        ({"grant_type": JWT_BEARER, "assertion": "rubbish"}, "invalid_grant"),
    ],
)
def test_oauth_errors_are_objects(anyone: TestClient, form: dict[str, str], error: str) -> None:
    answer = anyone.post(TOKEN, data=form)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error"] == error


def test_a_wrong_secret_is_an_invalid_client(anyone: TestClient, emulator: Emulator) -> None:
    pair = (emulator.credentials()["consumer_key"], "wrong")
    answer = anyone.post(TOKEN, data={"grant_type": "client_credentials"}, auth=pair)
    assert answer.json() == {"error": "invalid_client", "error_description": "invalid client credentials"}


def test_without_a_run_as_user_client_credentials_are_refused(anyone: TestClient, emulator: Emulator) -> None:
    emulator.org.switches.run_as_user = False
    given = emulator.credentials()
    pair = (given["consumer_key"], given["consumer_secret"])
    answer = anyone.post(TOKEN, data={"grant_type": "client_credentials"}, auth=pair)
    assert answer.json()["error_description"] == "no client credentials user enabled"


def test_a_token_dies_when_it_is_not_used(client: TestClient, clock: Clock) -> None:
    for _ in range(3):
        clock.now += timedelta(minutes=100)
        assert client.get(f"{ROOT}/limits").status_code == 200
    clock.now += timedelta(hours=2, seconds=1)
    answer = client.get(f"{ROOT}/limits")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_the_expired_token_fault_lasts_until_a_new_token_is_fetched(
    client: TestClient, emulator: Emulator, faults: Faults
) -> None:
    old = client.headers["Authorization"]
    faults.token_expired = True
    assert client.get(f"{ROOT}/limits").json()[0]["errorCode"] == "INVALID_SESSION_ID"
    fresh = client.post(TOKEN, data=assertion(emulator)).json()["access_token"]
    assert client.get(f"{ROOT}/limits", headers={"Authorization": f"Bearer {fresh}"}).status_code == 200
    assert client.get(f"{ROOT}/limits", headers={"Authorization": old}).status_code == 401


def test_a_request_without_a_bearer_is_refused(anyone: TestClient) -> None:
    assert anyone.get(f"{ROOT}/limits").json()[0]["errorCode"] == "INVALID_AUTH_HEADER"
