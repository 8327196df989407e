"""Integrations: what is to be delivered and what came in, as lists with the actions that they take."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from core.db.tables import Delivery
from core.kit.errors import NotFound, Refused
from core.kit.ids import new_id
from core.ports import Rejected, Transient
from core.reporting import deliveries as read
from core.reporting.deliveries import DeliveryFilters, delivery_detail, list_deliveries, matching, preview
from core.reporting.inbox import InboxFilters, inbox_detail, list_inbox
from core.reporting.masking import masked
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow import commands as c
from jobs.deliver import deliver
from tests.core.reporting.traffic import ADMIN, AMERICA, GERMANY, JOB, receive, refuse
from tests.fakes import FakeLedger, FixedClock
from tests.jobs.rows import released
from tests.stores import Furniture, policies


@pytest.fixture
def furniture() -> Furniture:
    return policies


@pytest.fixture
def house(runtime: Runtime) -> Runtime:
    return runtime


def numbers(house: Runtime, filters: DeliveryFilters, viewer: Actor | None = None) -> list[str]:
    return [row.number for row in list_deliveries(house, viewer, filters).rows]


# --- deliveries ---------------------------------------------------------------------------------------------------


def test_open_deliveries_are_listed_oldest_first_and_delivered_ones_only_when_asked_for(house: Runtime) -> None:
    for number in ("A-1", "A-2", "A-3"):
        id = released(house, number)
    deliver(house, {"netsuite": FakeLedger()}, id)
    assert numbers(house, DeliveryFilters()) == ["A-1", "A-2"]
    assert numbers(house, DeliveryFilters(is_oldest_first=False)) == ["A-2", "A-1"]
    assert numbers(house, DeliveryFilters(state="delivered")) == ["A-3"]
    assert numbers(house, DeliveryFilters(state=None)) == ["A-1", "A-2", "A-3"]


def test_a_delivery_is_found_by_the_number_of_its_invoice(house: Runtime) -> None:
    released(house, "A-1"), released(house, "A-2")
    assert numbers(house, DeliveryFilters(search="a-2")) == ["A-2"]
    assert numbers(house, DeliveryFilters(search="A")) == []


def test_pages_of_deliveries_follow_each_other_without_gap_or_overlap(house: Runtime) -> None:
    wanted = [f"A-{number}" for number in range(5)]
    for number in wanted:
        released(house, number)
    first = list_deliveries(house, None, DeliveryFilters(), None, 2)
    second = list_deliveries(house, None, DeliveryFilters(), first.next_cursor, 2)
    third = list_deliveries(house, None, DeliveryFilters(), second.next_cursor, 2)
    assert [row.number for page in (first, second, third) for row in page.rows] == wanted
    assert (third.next_cursor, first.count.value) == (None, 5)
    back = list_deliveries(house, None, DeliveryFilters(), third.previous_cursor, 2)
    assert [row.number for row in back.rows] == ["A-2", "A-3"]


def test_deliveries_of_other_entities_are_neither_listed_nor_opened(house: Runtime) -> None:
    id = released(house)
    assert numbers(house, DeliveryFilters(), GERMANY) == ["HC-000001"]
    assert numbers(house, DeliveryFilters(), AMERICA) == []
    with pytest.raises(NotFound):
        delivery_detail(house, AMERICA, id)


def test_a_preview_counts_what_an_action_takes_and_sums_it_per_currency(house: Runtime) -> None:
    refused = [released(house, f"A-{number}") for number in range(2)]
    for id in refused:
        refuse(house, id)
    released(house, "A-9")
    rows = list_deliveries(house, None, DeliveryFilters()).rows
    seen = preview(rows, "retry")
    assert ([row.number for row in seen.rows], seen.totals, seen.left_out) == (["A-0", "A-1"], (("EUR", 47_600),), 1)
    assert preview(rows, "set_aside").left_out == 0
    assert [row.number for row in matching(house, None, DeliveryFilters(), "retry")] == ["A-0", "A-1"]


def test_what_matches_can_be_sent_again_and_no_longer_matches(house: Runtime) -> None:
    refuse(house, released(house))
    rows = matching(house, None, DeliveryFilters(state="refused"), "retry")
    targets = tuple(c.Target(row.id, row.revision) for row in rows)
    execute(house, c.RetryDeliveries(targets=targets), ADMIN)
    assert matching(house, None, DeliveryFilters(state="refused"), "retry") == ()
    assert numbers(house, DeliveryFilters(state="queued")) == ["HC-000001"]


def test_a_delivery_in_doubt_can_neither_be_sent_again_nor_set_aside(house: Runtime) -> None:
    released(house)
    with house.transaction() as session:
        session.execute(update(Delivery).values(state="in_doubt"))
    [row] = list_deliveries(house, None, DeliveryFilters()).rows
    assert (row.can_retry, row.can_set_aside) == (False, False)


def test_the_detail_tells_every_try_newest_first(house: Runtime, clock: FixedClock) -> None:
    id = released(house)
    busy = Transient("NetSuite is busy.", "429", {"request": {"method": "POST"}, "response": {"status": 429}})
    ledger = FakeLedger(behaviour=[busy])
    deliver(house, {"netsuite": ledger}, id)
    clock.advance(hours=1)
    deliver(house, {"netsuite": ledger}, id)
    detail = delivery_detail(house, None, id)
    assert [(each.number, each.outcome) for each in detail.attempts] == [(2, "delivered"), (1, "retry")]
    assert detail.attempts[1].response == {"status": 429}
    assert (detail.row.external_number, detail.payload["number"]) == ("INV1", "HC-000001")


SECRETS = ("Bearer s3cr3t-t0ken-value", "sk_test_51Habc", "whsec_Zm9vYmFy", "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl")


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_shown_even_if_one_was_stored(house: Runtime, secret: str) -> None:
    id = released(house)
    request = {
        "headers": {"Authorization": secret, "X-Note": f"sent with {secret}"},
        "body": {"nested": [{"client_secret": secret}, secret]},
    }
    leak = Rejected("The period is locked.", "USER_ERROR", {"request": request, "response": {"body": secret}})
    deliver(house, {"netsuite": FakeLedger(behaviour=[leak])}, id)
    detail = delivery_detail(house, None, id)
    assert secret.split()[-1] not in repr(detail)
    assert detail.attempts[0].request is not None


def test_masking_leaves_ordinary_values_alone() -> None:
    plain = {"token_count": 4, "id": "in_1", "total": 23_800, "headers": {"Accept": "application/json"}, "none": None}
    assert masked(plain) == plain


# --- what the rows themselves say ---------------------------------------------------------------------------------


def test_the_actions_offered_are_those_the_commands_accept(house: Runtime) -> None:
    ids = {state: released(house, state) for state in read.STATES}
    with house.transaction() as session:
        for state, id in ids.items():
            session.execute(update(Delivery).where(Delivery.id == id).values(state=state))
    for row in list_deliveries(house, None, DeliveryFilters(state=None)).rows:
        target = (c.Target(row.id, row.revision),)
        assert row.takes("retry") == _accepts(house, c.RetryDeliveries(targets=target))
        assert row.takes("set_aside") == _accepts(house, c.SetAsideDeliveries(targets=target, reason="Because"))


def _accepts(house: Runtime, command: c.RetryDeliveries | c.SetAsideDeliveries) -> bool:
    """Tries the command and puts the delivery back."""
    [target] = command.targets
    with house.reading() as session:
        state = session.scalars(select(Delivery.state).where(Delivery.id == target.id)).one()
    try:
        execute(house, command, ADMIN)
    except Refused:
        return False
    with house.transaction() as session:
        back = {"state": state, "revision": target.revision}
        session.execute(update(Delivery).where(Delivery.id == target.id).values(back))
    return True


# --- inbox --------------------------------------------------------------------------------------------------------


def test_failed_records_are_listed_first_of_all_and_others_when_asked_for(house: Runtime, clock: FixedClock) -> None:
    [bad] = receive(house, "in_1")
    execute(house, c.ReportBadRecord(inbox_id=bad, error="amount: not a number"), JOB)
    clock.advance(days=30)
    receive(house, "in_2")
    [row] = list_inbox(house, InboxFilters()).rows
    assert (row.reference, row.error, row.can_retry, row.system) == ("in_1", "amount: not a number", True, "Stripe")
    assert [row.reference for row in list_inbox(house, InboxFilters(state="new")).rows] == ["in_2"]
    every = list_inbox(house, InboxFilters(state=None, is_oldest_first=False))
    assert ([row.reference for row in every.rows], every.count.value) == (["in_2", "in_1"], 2)
    assert list_inbox(house, InboxFilters(source="netsuite")).rows == ()
    assert list_inbox(house, InboxFilters(state=None, search="in_2")).count.value == 1


def test_a_record_tried_again_leaves_the_failed_ones(house: Runtime) -> None:
    [bad] = receive(house, "in_1")
    execute(house, c.ReportBadRecord(inbox_id=bad, error="amount: not a number"), JOB)
    assert inbox_detail(house, None, bad).open_case_id is not None
    execute(house, c.RetryInboxItems(inbox_ids=(bad,)), ADMIN)
    assert list_inbox(house, InboxFilters()).rows == ()
    detail = inbox_detail(house, None, bad)
    assert (detail.row.state, detail.open_case_id) == ("new", None)


def test_a_payload_is_shown_without_secrets_and_only_to_those_who_see_every_entity(house: Runtime) -> None:
    [id] = receive(house, "in_1", client_secret="pi_1_secret_abc", amount=5)
    assert inbox_detail(house, ADMIN, id).payload == {"id": "in_1", "client_secret": "•••", "amount": 5}
    assert inbox_detail(house, GERMANY, id).payload is None
    with pytest.raises(NotFound):
        inbox_detail(house, ADMIN, new_id())


def test_pages_of_records_received_in_the_same_instant_neither_overlap_nor_skip(house: Runtime) -> None:
    receive(house, *(f"in_{number}" for number in range(5)))
    filters, seen, cursor = InboxFilters(state="new"), [], None
    while True:
        page = list_inbox(house, filters, cursor, 2)
        seen += [row.reference for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == [f"in_{number}" for number in range(5)]
