"""What every source promises, tried against its emulator over HTTP."""

from __future__ import annotations

import json

import pytest

from core.ports import Misconfigured, RawRecord, Transient
from tests.conformance.systems import (
    CHANGE_STREAM,
    EVERY_STREAM,
    NAMES,
    STREAMS,
    WRONG,
    MovingClock,
    System,
    change_something,
    identities,
    pulled,
)

each_system = pytest.mark.parametrize("system", NAMES, indirect=True)
each_stream = pytest.mark.parametrize(("system", "stream"), EVERY_STREAM, indirect=["system"])
# Long enough, at the page sizes of the tests, that something can happen between two pages.
LONG_STREAMS = [
    ("salesforce", "order_items"),
    ("salesforce", "contracts"),
    ("stripe", "invoices"),
    ("stripe", "products"),
    ("stripe", "invoice_payments"),
    ("netsuite", "reference"),
    ("netsuite", "transactions"),
]
FAULTS = [{"rate_429": 1.0}, {"rate_500": 1.0}, {"outage": True}]


@each_system
def test_a_connection_that_works_says_so_for_each_thing_it_needs(system: System) -> None:
    probe = system.source.check()
    assert probe.is_usable
    assert len(probe.sentences) >= 3


@each_system
def test_wrong_credentials_are_named_as_the_reason(system: System) -> None:
    source = system.connector(**WRONG[system.name]).source
    assert source is not None
    probe = source.check()
    assert not probe.is_usable
    assert "refused" in probe.sentences[-1]


@each_system
def test_an_address_where_nobody_listens_is_transient(system: System) -> None:
    scheme = "https" if system.name == "salesforce" else "http"
    source = system.connector(address=f"{scheme}://127.0.0.1:9").source
    assert source is not None
    assert "cannot be reached" in source.check().sentences[-1]
    with pytest.raises(Transient):
        pulled(source, next(iter(STREAMS[system.name])))


@each_system
def test_the_streams_are_those_it_declares(system: System) -> None:
    capabilities = system.source.capabilities
    assert capabilities.system == system.name
    assert [stream.name for stream in capabilities.streams] == list(STREAMS[system.name])


@each_stream
def test_a_first_pull_brings_every_record_exactly_once(system: System, stream: str) -> None:
    records, _ = pulled(system.source, stream)
    keys = [(record.kind, record.external_id) for record in records]
    assert len(keys) == len(set(keys)) == system.held(stream)


@each_stream
def test_the_expected_number_is_right_or_not_known(system: System, stream: str) -> None:
    assert system.source.count(stream) in (None, system.held(stream))


@each_stream
def test_every_record_of_the_company_is_understood(system: System, stream: str) -> None:
    source = system.source
    for record in pulled(source, stream)[0]:
        for found in source.to_canonical(record):
            assert found.source == system.name


@each_stream
def test_every_record_can_be_fetched_by_its_kind_and_id(system: System, stream: str) -> None:
    source = system.source
    by_kind = {record.kind: record for record in pulled(source, stream)[0]}
    for record in by_kind.values():
        again = source.fetch(record.kind, record.external_id)
        assert again is not None
        assert (again.kind, again.external_id, again.version) == (record.kind, record.external_id, record.version)


@each_system
def test_what_does_not_exist_is_fetched_as_nothing(system: System) -> None:
    kind = {"salesforce": "Account", "stripe": "invoice", "netsuite": "transaction"}[system.name]
    assert system.source.fetch(kind, "999999999") is None


@each_stream
def test_a_second_pull_from_the_cursor_brings_nothing_new(system: System, stream: str) -> None:
    first, cursor = pulled(system.source, stream)
    second, _ = pulled(system.source, stream, cursor)
    assert set(identities(second)) <= set(identities(first))
    assert len(second) <= len(first) / 2 or len(second) < 10


@each_system
def test_a_later_pull_brings_what_has_changed_since_and_little_else(system: System) -> None:
    stream = CHANGE_STREAM[system.name]
    first, cursor = pulled(system.source, stream)
    system.clock.advance(hours=1)
    kind, id = change_something(system)
    system.clock.advance(minutes=3)
    second, _ = pulled(system.source, stream, cursor)
    fresh = [record for record in second if identities([record])[0] not in set(identities(first))]
    assert [record.kind for record in fresh] == [kind]
    assert id in (fresh[0].external_id, fresh[0].payload.get("data", {}).get("object", {}).get("id"))
    assert len(second) < 20


@each_system
def test_changes_arrive_one_after_the_other_and_none_twice_as_new(system: System) -> None:
    stream = CHANGE_STREAM[system.name]
    seen, cursor = pulled(system.source, stream)
    known = set(identities(seen))
    for _ in range(3):
        system.clock.advance(minutes=5)
        change_something(system)
        system.clock.advance(minutes=2)
        records, cursor = pulled(system.source, stream, cursor)
        assert len(set(identities(records)) - known) == 1
        known |= set(identities(records))


@pytest.mark.parametrize("system", ["netsuite"], indirect=True)
def test_of_two_changes_within_a_second_the_later_one_arrives_too(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = system.clock().replace(microsecond=0)
    monkeypatch.setattr(MovingClock, "__call__", lambda _: frozen)
    kind, id = change_something(system)
    first, cursor = pulled(system.source, "transactions")
    system.emulator.save(kind, {**system.emulator.get(kind, id), "foreignamountunpaid": "0.77"})
    second, cursor = pulled(system.source, "transactions", cursor)
    fresh = [record for record in second if identities([record])[0] not in set(identities(first))]

    assert [(record.external_id, record.payload["foreignamountunpaid"]) for record in fresh] == [(id, "0.77")]
    stamps = {record.payload["lastmodifieddate"] for record in (*first, *fresh) if record.external_id == id}
    assert len(stamps) == 1, "both within one second"
    again, _ = pulled(system.source, "transactions", cursor)
    assert set(identities(again)) <= set(identities([*first, *second])), "what has not changed is not new"
    assert all(json.loads(record.text or b"") == record.payload for record in again)


@pytest.mark.parametrize(("system", "stream"), LONG_STREAMS, indirect=["system"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: next(iter(fault)))
def test_a_fault_between_two_pages_is_transient_and_loses_nothing(
    system: System, stream: str, fault: dict[str, float | bool]
) -> None:
    whole = set(identities(pulled(system.source, stream)[0]))
    pages = iter(system.source.pull(stream, {}))
    page = next(pages)
    got = identities(list(page.records))
    system.faults.set(fault)
    with pytest.raises(Transient):
        got += identities([record for later in pages for record in later.records])
    system.faults.reset()
    rest, _ = pulled(system.source, stream, dict(page.cursor))
    assert set(got) | set(identities(rest)) == whole
    assert len(got) + len(rest) == len(whole), "pages that were read are not read again"


@pytest.mark.parametrize("system", ["salesforce", "netsuite"], indirect=True)
def test_a_token_that_expires_between_two_pages_is_renewed(system: System) -> None:
    stream = {"salesforce": "order_items", "netsuite": "transactions"}[system.name]
    whole = identities(pulled(system.source, stream)[0])
    pages = iter(system.source.pull(stream, {}))
    got = identities(list(next(pages).records))
    system.faults.token_expired = True
    got += identities([record for page in pages for record in page.records])
    assert got == whole


@each_stream
def test_fields_that_nobody_announced_are_tolerated(system: System, stream: str) -> None:
    source = system.source
    system.faults.unknown_field = True
    records, _ = pulled(source, stream)
    assert len(records) == system.held(stream)
    for record in records:
        source.to_canonical(record)


@each_stream
def test_a_record_without_the_fields_we_need_is_told(system: System, stream: str) -> None:
    source = system.source
    for kind in STREAMS[system.name][stream]:
        if kind in ("price", "event"):
            continue
        with pytest.raises(ValueError, match="is missing"):
            source.to_canonical(RawRecord(kind, "x", "1", {}))


@each_system
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: next(iter(fault)))
def test_failures_carry_their_exchange_without_secrets(system: System, fault: dict[str, float | bool]) -> None:
    system.faults.set(fault)
    with pytest.raises(Transient) as raised:
        pulled(system.source, next(iter(STREAMS[system.name])))
    told = repr(raised.value.exchange) + raised.value.sentence
    assert raised.value.exchange["request"]["url"].startswith(system.line["address"])
    assert not [secret for secret in system.secrets() if secret in told]


@each_system
def test_a_refused_sign_in_is_an_administrators_business_and_leaks_nothing(system: System) -> None:
    source = system.connector(**WRONG[system.name]).source
    assert source is not None
    with pytest.raises(Misconfigured) as raised:
        pulled(source, next(iter(STREAMS[system.name])))
    told = repr(raised.value.exchange) + raised.value.sentence
    wrong = [value.get_secret_value() for value in WRONG[system.name].values()]
    assert not [secret for secret in (*system.secrets(), *wrong) if secret in told]
