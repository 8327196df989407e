from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Faults
from tests.sandbox.salesforce.builders import ROOT, Clock, account, found


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"rate_429": 1.0}, 403, "REQUEST_LIMIT_EXCEEDED"),
        ({"rate_500": 1.0}, 500, "UNKNOWN_EXCEPTION"),
        ({"outage": True}, 503, "SERVER_UNAVAILABLE"),
    ],
)
def test_faults_answer_as_the_vendor_does(client: TestClient, fault: dict[str, float], status: int, code: str) -> None:
    assert client.post("/_sandbox/faults", json=fault).status_code == 200
    answer = client.get(f"{ROOT}/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
    assert "Sforce-Limit-Info" in answer.headers
    assert "Retry-After" not in answer.headers
    assert client.get("/_sandbox/health").json()["system"] == "salesforce"


def test_a_cut_connection_leaves_the_work_done(client: TestClient, emulator: Emulator, faults: Faults) -> None:
    faults.commit_then_disconnect = 1.0
    url = f"{ROOT}/sobjects/Fin_Invoice__c/Ext_Id__c/in_1"
    with pytest.raises(ConnectionResetError):
        client.patch(url, json={"Total__c": 5})
    faults.commit_then_disconnect = 0.0
    assert client.patch(url, json={"Total__c": 5}).status_code == 200
    assert len(found(client, "SELECT Id FROM Fin_Invoice__c")) == 1


def test_the_daily_limit_counts_down_and_refuses(client: TestClient, emulator: Emulator, clock: Clock) -> None:
    emulator.org.switches.daily_limit = 3
    infos = [client.get(f"{ROOT}/limits").headers["Sforce-Limit-Info"] for _ in range(3)]
    assert infos == ["api-usage=1/3", "api-usage=2/3", "api-usage=3/3"]
    answer = client.get(f"{ROOT}/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    emulator.org.switches.session_seconds = 10 * 86_400
    clock.now += timedelta(hours=25)
    assert client.get(f"{ROOT}/limits").json()["DailyApiRequests"] == {"Max": 3, "Remaining": 2}


def test_every_reply_tells_usage(client: TestClient) -> None:
    for path in ("limits", "nothing", "query?q=rubbish"):
        answer = client.get(f"{ROOT}/{path}")
        assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=")


def test_health_counts_records(client: TestClient, emulator: Emulator) -> None:
    assert client.get("/_sandbox/health").json()["counts"] == {}
    emulator.load("Account", [account(1), account(2)])
    assert client.get("/_sandbox/health").json()["counts"] == {"Account": 2}


def test_an_unknown_switch_is_refused(client: TestClient) -> None:
    answer = client.post("/_sandbox/switches", json={"nonsense": 1})
    assert (answer.status_code, answer.json()) == (400, {"error": "unknown switch: nonsense"})
    assert client.get("/_sandbox/switches").json()["page_rows"] == 2000
