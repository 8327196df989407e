import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient

from sandbox.emulators.netsuite import Emulator
from sandbox.faults import Faults
from tests.sandbox.netsuite.company import RECORD, Clock, ask_token, assertion, error, sign_in


@pytest.mark.parametrize("algorithm", ["PS256", "PS384", "PS512", "ES256"])
def test_an_assertion_in_an_accepted_algorithm_gives_a_token_of_one_hour(
    emulator: Emulator, client: TestClient, clock: Clock, algorithm: str
) -> None:
    answer = ask_token(client, assertion(emulator, clock, algorithm))
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 3600
    assert answer.json()["token_type"] == "Bearer"
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    assert client.get(f"{RECORD}/customer/4102").status_code == 200


def test_rs256_is_refused(emulator: Emulator, client: TestClient, clock: Clock) -> None:
    answer = ask_token(client, assertion(emulator, clock, "RS256"))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "somebody else"}, "invalid_client"),
        ({"aud": "https://elsewhere.example/token"}, "invalid_grant"),
        ({"scope": "restlets"}, "invalid_scope"),
        ({"exp": 1_794_312_000 + 3600, "iat": 1_794_312_000}, "invalid_grant"),
        ({"exp": 1_794_300_000, "iat": 1_794_299_000}, "invalid_grant"),
        ({"exp": 1_894_300_000, "iat": 1_894_299_000}, "invalid_grant"),
    ],
)
def test_a_wrong_claim_is_refused(
    emulator: Emulator, client: TestClient, clock: Clock, changes: dict[str, object], code: str
) -> None:
    answer = ask_token(client, assertion(emulator, clock, **changes))
    assert (answer.status_code, answer.json()["error"]) == (400, code)


def test_a_signature_by_another_key_or_an_unknown_certificate_is_refused(
    emulator: Emulator, client: TestClient
) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    known = emulator.credentials()["ec_certificate_id"]
    for kid, code in ((known, "invalid_grant"), ("unknown", "invalid_client")):
        signed = jwt.encode({"iss": "x"}, stranger, "ES256", headers={"kid": kid})
        assert ask_token(client, signed).json()["error"] == code


def test_a_bad_or_old_bearer_is_an_invalid_login(emulator: Emulator, client: TestClient, clock: Clock) -> None:
    assert client.get(f"{RECORD}/customer/4102").status_code == 200
    clock.forward(minutes=60)
    answer = client.get(f"{RECORD}/customer/4102")
    assert error(answer) == (401, "INVALID_LOGIN", None)
    assert answer.json()["title"] == "Unauthorized"
    client.headers["Authorization"] = "Bearer nonsense"
    assert error(client.get(f"{RECORD}/customer/4102")) == (401, "INVALID_LOGIN", None)


def test_the_fault_token_expired_lasts_until_a_new_token_is_fetched(
    emulator: Emulator, client: TestClient, clock: Clock, faults: Faults
) -> None:
    faults.token_expired = True
    assert error(client.get(f"{RECORD}/customer/4102")) == (401, "INVALID_LOGIN", None)
    sign_in(emulator, clock, client)
    assert client.get(f"{RECORD}/customer/4102").status_code == 200


def test_credentials_and_tokens_outlive_a_restart(emulator: Emulator, client: TestClient, clock: Clock) -> None:
    folder = emulator._store.path.parent
    second = Emulator(folder, clock, Faults())
    assert second.credentials() == emulator.credentials()
    with TestClient(second.app, headers={"Authorization": client.headers["Authorization"]}) as other:
        assert other.get(f"{RECORD}/customer/4102").status_code == 200
    second.close()
