import asyncio
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from starlette.testclient import TestClient

from sandbox.emulators.netsuite import Emulator
from sandbox.faults import Faults
from tests.sandbox.netsuite.company import (
    RECORD,
    STRICT,
    TOKEN,
    Clock,
    ask_token,
    assertion,
    error,
    id_of,
    invoice,
    rows,
)


@pytest.fixture
def address(emulator: Emulator) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(emulator.app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def caller(emulator: Emulator, clock: Clock, address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address) as made:
        answer = ask_token(made, assertion(emulator, clock, aud=f"{address}{TOKEN}"))
        made.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield made


def test_a_record_exists_although_the_connection_was_cut(faults: Faults, caller: httpx.Client) -> None:
    faults.commit_then_disconnect = 1.0
    with pytest.raises(httpx.RemoteProtocolError):
        caller.put(f"{RECORD}/invoice/eid:a", json=invoice(), headers=STRICT)
    query = {"q": "SELECT id FROM transaction WHERE externalid = ?", "params": ["a"]}
    answer = caller.post("/services/rest/query/v1/suiteql", json=query, headers={"Prefer": "transient"})
    assert answer.json()["count"] == 1
    faults.commit_then_disconnect = 0.0
    assert caller.get(f"{RECORD}/invoice/eid:a").status_code == 200
    assert caller.get("/_sandbox/ledger").json()["creates"] == {"a": 1}


def test_one_request_too_many_at_once_is_answered_429(emulator: Emulator, client: TestClient, faults: Faults) -> None:
    faults.latency_ms = 50
    headers = {"Authorization": client.headers["Authorization"]}

    async def ask(count: int) -> list[int]:
        transport = httpx.ASGITransport(emulator.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as caller:
            answers = await asyncio.gather(*(caller.get(f"{RECORD}/customer/4102") for _ in range(count)))
        return sorted(answer.status_code for answer in answers)

    assert asyncio.run(ask(15)) == [200] * 15
    assert asyncio.run(ask(18)) == [200] * 15 + [429] * 3
    client.post("/_sandbox/switches", json={"concurrency_limit": 2})
    assert asyncio.run(ask(3)) == [200, 200, 429]


def test_faults_look_like_netsuites_own_errors(client: TestClient, faults: Faults) -> None:
    faults.rate_429 = 1.0
    answer = client.get(f"{RECORD}/customer/4102")
    assert error(answer) == (429, "CONCURRENCY_LIMIT_EXCEEDED", None)
    assert answer.json()["title"] == "Bad Request"
    faults.set({"rate_429": 0, "rate_500": 1})
    assert error(client.get(f"{RECORD}/customer/4102"))[:2] == (500, "UNEXPECTED_ERROR")
    assert client.get("/_sandbox/health").json()["counts"]["customer"] == 2


def test_an_unknown_field_appears_on_demand(client: TestClient, faults: Faults) -> None:
    faults.unknown_field = True
    assert "sandboxSurprise" in client.get(f"{RECORD}/customer/4102").json()
    assert "sandboxsurprise" in rows(client, "SELECT id FROM customer")[0]


def submit(client: TestClient, body: dict[str, object], key: str = "9f1c") -> httpx.Response:
    headers = {"Prefer": "respond-async", "X-NetSuite-Idempotency-Key": key}
    return client.post(f"{RECORD}/invoice", json=body, headers=headers)


def test_an_asynchronous_request_becomes_a_job(client: TestClient) -> None:
    answer = submit(client, invoice(externalId="a"))
    assert (answer.status_code, answer.content) == (202, b"")
    job = answer.headers["location"]
    assert client.get(job).json()["completed"] is False
    shown = client.get(job).json()
    assert (shown["completed"], shown["progress"]) == (True, "succeeded")
    task = client.get(shown["task"]["links"][0]["href"]).json()["items"][0]["links"][0]["href"]
    result = client.get(client.get(task).json()["result"]["links"][0]["href"])
    assert client.get(f"{RECORD}/invoice/{id_of(result)}").json()["externalId"] == "a"


def test_an_idempotency_key_counts_for_asynchronous_requests_only(client: TestClient) -> None:
    first = submit(client, invoice())
    again = submit(client, invoice())
    assert error(again)[:2] == (400, "IDEMPOTENCY_ERROR")
    assert (again.json()["title"], again.headers["location"]) == ("Conflict", first.headers["location"])
    for _ in range(2):
        id_of(client.post(f"{RECORD}/invoice", json=invoice(), headers={"X-NetSuite-Idempotency-Key": "9f1c"}))
    ledger = client.get("/_sandbox/ledger").json()
    assert (ledger["invoices"], ledger["without_external_id"]) == (3, 3)


def test_a_failed_job_leaves_no_trace_but_its_error(emulator: Emulator, client: TestClient) -> None:
    apply = {"items": [{"doc": {"id": "1"}, "apply": True}]}
    memo = invoice(apply=apply)
    answer = client.post(f"{RECORD}/creditMemo", json=memo, headers={"Prefer": "respond-async"})
    job = answer.headers["location"]
    client.get(job)
    assert client.get(job).json()["progress"] == "failed"
    assert error(client.get(f"{job}/task/1/result"))[:2] == (400, "INVALID_CONTENT")
    assert emulator.count("transaction") == 0


def test_switches_are_checked(client: TestClient) -> None:
    assert client.get("/_sandbox/switches").json()["concurrency_limit"] == 15
    assert client.post("/_sandbox/switches", json={"concurrency": 1}).status_code == 400


def test_a_write_is_quick(client: TestClient) -> None:
    start = time.perf_counter()
    for number in range(50):
        id_of(client.put(f"{RECORD}/invoice/eid:a{number}", json=invoice(), headers=STRICT))
    assert (time.perf_counter() - start) / 50 < 0.03
