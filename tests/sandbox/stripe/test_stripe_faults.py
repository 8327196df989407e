"""Faults, as a client meets them."""

import time
from typing import Any

import httpx
import pytest
import stripe

from sandbox.faults import Faults


def test_a_plain_429_has_stripes_body(raw: httpx.Client, v1: Any, faults: Faults) -> None:
    faults.rate_429 = 1.0
    answer = raw.get("/v1/customers")
    assert answer.status_code == 429 and answer.json()["error"]["code"] == "rate_limit"
    assert "Retry-After" not in answer.headers and answer.headers["Stripe-Rate-Limited-Reason"]
    with pytest.raises(stripe.RateLimitError):
        v1.customers.list()


def test_an_outage_answers_503_and_leaves_the_sandbox_endpoints_alone(raw: httpx.Client, faults: Faults) -> None:
    assert raw.post("/_sandbox/faults", json={"outage": True}).json()["outage"] is True
    assert raw.get("/v1/customers").status_code == 503
    assert raw.get("/_sandbox/health").json()["ready"] is True
    raw.post("/_sandbox/faults", json={"outage": False})
    assert raw.get("/v1/customers").status_code == 200


def test_before_the_company_is_made_the_api_is_out(raw: httpx.Client, faults: Faults) -> None:
    faults.control.ready = False
    assert raw.get("/v1/customers").status_code == 503
    assert raw.get("/_sandbox/health").json()["ready"] is False


def test_an_expired_key_is_401(v1: Any, faults: Faults) -> None:
    faults.token_expired = True
    with pytest.raises(stripe.AuthenticationError):
        v1.customers.list()


def test_latency_delays_answers(raw: httpx.Client, faults: Faults) -> None:
    faults.latency_ms = 60
    began = time.perf_counter()
    raw.get("/v1/customers")
    assert time.perf_counter() - began >= 0.06


def test_an_unknown_field_appears_in_lists_and_single_objects(raw: httpx.Client, customer: Any, faults: Faults) -> None:
    faults.unknown_field = True
    assert "sandbox_surprise" in raw.get(f"/v1/customers/{customer.id}").json()
    assert "sandbox_surprise" in raw.get("/v1/customers").json()["data"][0]


def test_wrong_settings_are_refused_and_change_nothing(raw: httpx.Client, faults: Faults) -> None:
    for wrong in ({"rate_429": 3}, {"outage": 1}, {"volcano": True}, {"outage": True, "latency_ms": -1}):
        assert raw.post("/_sandbox/faults", json=wrong).status_code == 400
    assert faults.all() == Faults().all()


def test_switches_are_set_over_http(raw: httpx.Client, v1: Any, customer: Any) -> None:
    changed = raw.post("/_sandbox/switches", json={"replayed_header": False}).json()
    assert changed["replayed_header"] is False and raw.get("/_sandbox/switches").json() == changed
    assert raw.post("/_sandbox/switches", json={"nonsense": 1}).status_code == 400
