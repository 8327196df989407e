"""Idempotency keys in all their cases."""

import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe

from sandbox.emulators.stripe import Emulator
from sandbox.faults import Faults

KEY = {"idempotency_key": "fin:acme:inv-1:create:1"}


def test_the_same_call_again_replays_the_first_answer(emulator: Emulator, v1: Any) -> None:
    first, second = (v1.customers.create({"name": "A"}, KEY) for _ in range(2))
    assert first.id == second.id and emulator.count("customer") == 1


def test_a_replayed_answer_says_so(raw: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k"}
    first, second = (raw.post("/v1/customers", data={"name": "A"}, headers=headers) for _ in range(2))
    assert "Idempotent-Replayed" not in first.headers and second.headers["Idempotent-Replayed"] == "true"
    assert first.headers["Request-Id"].startswith("req_")


def test_other_parameters_under_one_key_are_refused(v1: Any) -> None:
    v1.customers.create({"name": "A"}, KEY)
    with pytest.raises(stripe.IdempotencyError) as refused:
        v1.customers.create({"name": "B"}, KEY)
    assert refused.value.http_status == 400


def test_a_key_in_flight_is_refused_with_409(emulator: Emulator, v1: Any, eventually: Any) -> None:
    emulator.switches.hold_writes_ms = 500
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(v1.customers.create({"name": "A"}, KEY)))
    first.start()
    eventually(lambda: emulator.store.records.query("SELECT 1 FROM idempotency"))
    with pytest.raises(stripe.APIError) as refused:
        v1.customers.create({"name": "A"}, KEY)
    assert refused.value.http_status == 409
    assert refused.value.error and refused.value.error.code == "idempotency_key_in_use"
    first.join()
    emulator.switches.hold_writes_ms = 0
    assert v1.customers.create({"name": "A"}, KEY).id == answers[0].id


def test_a_failed_validation_does_not_use_the_key_up(raw: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k"}
    refused = raw.post("/v1/customers", data={"nmae": "A"}, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "parameter_unknown")
    assert raw.post("/v1/customers", data={"name": "A"}, headers=headers).status_code == 200


def test_a_refusal_by_the_objects_state_is_kept(v1: Any, make_invoice: Any) -> None:
    invoice = make_invoice(finalized=False)
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.void_invoice(invoice.id, None, KEY)
    v1.invoices.finalize_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError):
        v1.invoices.void_invoice(invoice.id, None, KEY)


def test_a_key_is_new_again_after_a_day(emulator: Emulator, v1: Any, clock: Any) -> None:
    first = v1.customers.create({"name": "A"}, KEY)
    clock.ahead += timedelta(hours=24, seconds=2)
    assert v1.customers.create({"name": "A"}, KEY).id != first.id


def test_a_500_is_replayed_and_the_work_may_be_done(emulator: Emulator, v1: Any, faults: Faults) -> None:
    faults.rate_500 = 1.0
    for n in range(12):
        with pytest.raises(stripe.APIError):
            v1.customers.create({"name": "A"}, {"idempotency_key": f"k{n}"})
    faults.rate_500 = 0.0
    done = emulator.count("customer")
    assert 0 < done < 12
    for n in range(12):
        with pytest.raises(stripe.APIError) as refused:
            v1.customers.create({"name": "A"}, {"idempotency_key": f"k{n}"})
        assert refused.value.http_status == 500
    assert emulator.count("customer") == done


def test_after_a_cut_connection_the_same_key_tells_what_happened(emulator: Emulator, v1: Any, faults: Faults) -> None:
    faults.commit_then_disconnect = 1.0
    with pytest.raises(stripe.APIConnectionError):
        v1.customers.create({"name": "A"}, KEY)
    faults.commit_then_disconnect = 0.0
    assert emulator.count("customer") == 1
    assert v1.customers.create({"name": "A"}, KEY).name == "A"
    assert emulator.count("customer") == 1


def test_keys_and_answers_survive_a_restart(emulator: Emulator, v1: Any, tmp_path: Any, clock: Any) -> None:
    made = v1.customers.create({"name": "A"}, KEY)
    again = Emulator(tmp_path, clock, Faults())
    assert again.get("customer", made.id) is not None and again.credentials() == emulator.credentials()
    assert again.store.records.query("SELECT status FROM idempotency WHERE key = ?", (KEY["idempotency_key"],)) == [
        (200,)
    ]
    again.close()
