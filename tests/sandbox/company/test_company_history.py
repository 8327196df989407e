"""The generated history: the same every time, alike in all systems, believable in size."""

import hashlib
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.company import populate, truth
from sandbox.company.contracts import window
from sandbox.company.ids import checksum, midnight
from tests.sandbox.company.memory import ANCHOR, Memory, Sandbox, generate


def digest(made: Sandbox) -> str:
    texts = [memory.text() for memory in made.emulators.values()] + [str(truth(made.folder))]
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def test_the_same_seed_gives_the_same_records(tmp_path: Path) -> None:
    first, second = (digest(generate(tmp_path / name, scale="0.01")) for name in "ab")
    other = digest(generate(tmp_path / "c", scale="0.01", seed=8))
    assert first == second != other


def test_counts_grow_with_the_scale(halden: Sandbox) -> None:
    assert halden.salesforce.count("Account") == 60
    assert 1200 < halden.stripe.count("invoice") < 1800
    assert 50 < len(halden.unposted()) < 110
    assert halden.netsuite.count("subsidiary") == 6
    assert {doc["currency"] for doc in halden.stripe.all("invoice")} == {"usd", "cad", "gbp", "eur", "aud"}
    for kind in ("subscription", "charge", "payment_record", "credit_note", "payout", "balance_transaction"):
        assert halden.stripe.count(kind) > 0, kind
    cases = Counter(doc["Type"] for doc in halden.salesforce.all("Case"))
    assert cases["Invoice dispute"] > 10 and cases["Question"] > 10


def test_posted_invoices_have_the_totals_of_stripe(halden: Sandbox) -> None:
    rows = {row["externalid"]: row for row in halden.netsuite.all("transaction")}
    lines: dict[str, Decimal] = {}
    for line in halden.netsuite.all("transactionline"):
        if line["mainline"] == "F":
            amount = Decimal(line["foreignamount"]) + Decimal(line["taxamount"])
            lines[line["transaction"]] = lines.get(line["transaction"], Decimal(0)) + amount
    posted = 0
    for doc in halden.stripe.all("invoice"):
        row = rows.get(f"stripe_{doc['id']}")
        if row is not None and doc["status"] != "void":
            posted += 1
            assert Decimal(row["foreigntotal"]) * 100 == doc["total"]
            assert Decimal(row["foreignamountunpaid"]) * 100 == doc["amount_remaining"]
            assert row["status"] == ("B" if doc["status"] == "paid" else "A")
            assert lines[row["id"]] == Decimal(row["foreigntotal"])
    assert posted > 1000


def test_a_voided_invoice_has_another_for_its_period(halden: Sandbox) -> None:
    billed: dict[tuple[str | None, int], list[str]] = {}
    for doc in halden.stripe.all("invoice"):
        billed.setdefault((doc["metadata"].get("contract_number"), doc["period_start"]), []).append(doc["status"])
    voided = [statuses for statuses in billed.values() if "void" in statuses]
    assert voided
    assert all(set(statuses) - {"void"} for statuses in voided)


def test_everything_older_than_the_cutoff_is_posted(halden: Sandbox) -> None:
    kinds = {entry["external_id"]: entry["kind"] for entry in truth(halden.folder)}
    old = [doc for doc in halden.unposted() if doc["created"] < midnight(ANCHOR - timedelta(days=29))]
    assert {kinds.get(doc["id"]) for doc in old} == {"posting_period_locked"}


def test_payments_of_posted_invoices_are_posted_too(halden: Sandbox) -> None:
    rows = {row["externalid"]: row for row in halden.netsuite.all("transaction")}
    for doc in halden.stripe.all("invoice_payment"):
        if doc["status"] == "paid" and f"stripe_{doc['invoice']}" in rows:
            assert Decimal(rows[f"stripe_{doc['id']}"]["foreigntotal"]) * 100 == doc["amount_paid"]
    for doc in halden.stripe.all("credit_note"):
        assert Decimal(rows[f"stripe_{doc['id']}"]["foreigntotal"]) * 100 == doc["total"]


def test_money_received_is_what_invoices_say(halden: Sandbox) -> None:
    received: Counter[str] = Counter()
    for doc in halden.stripe.all("invoice_payment"):
        received[doc["invoice"]] += doc["amount_paid"] or 0
    for doc in halden.stripe.all("invoice"):
        assert received[doc["id"]] == doc["amount_paid"] + doc["amount_overpaid"]


def test_there_is_a_rate_for_every_day_and_currency(halden: Sandbox) -> None:
    found = {(row["effectivedate"], row["transactioncurrency"]) for row in halden.netsuite.all("currencyrate")}
    days = (ANCHOR - window(ANCHOR).start).days + 1
    assert len(found) == days * 5
    assert ANCHOR.isoformat() in {day for day, _ in found}


def test_the_current_and_the_previous_month_are_open(halden: Sandbox) -> None:
    rows = halden.netsuite.all("accountingperiod")
    assert len(rows) == 20
    assert [row["periodname"] for row in rows if row["arlocked"] == "F"][:2] == ["Oct 2026", "Nov 2026"]
    assert {row["closed"] for row in rows if row["startdate"] < "2026-10-01"} == {"T"}


def test_payouts_are_the_sum_of_their_transactions(halden: Sandbox) -> None:
    net: Counter[str] = Counter()
    for row in halden.stripe.all("balance_transaction"):
        net[row.get("_payout", "")] += row["net"]
    assert [net[doc["id"]] for doc in halden.stripe.all("payout")] == [0] * halden.stripe.count("payout")


def test_references_lead_somewhere(halden: Sandbox) -> None:
    crm, billing = halden.salesforce, halden.stripe
    assert all(crm.get("Account", doc["AccountId"]) for kind in ("Contract", "Order", "Case") for doc in crm.all(kind))
    assert all(crm.get("Order", doc["OrderId"]) for doc in crm.all("OrderItem"))
    numbers = {doc["number"] for doc in billing.all("invoice")}
    assert all(doc["Invoice_Number__c"] in numbers for doc in crm.all("Case") if doc["Type"] == "Invoice dispute")
    for doc in billing.all("invoice"):
        assert billing.get("customer", doc["customer"])
        for line in doc["lines"]["data"]:
            assert billing.get("price", line["pricing"]["price_details"]["price"])
    assert all(billing.get("charge", doc["charge"]) for doc in billing.all("dispute") + billing.all("refund"))


def test_nothing_has_happened_after_the_anchor_began(halden: Sandbox) -> None:
    end = midnight(ANCHOR) + 600
    for kind in ("invoice", "charge", "invoice_payment", "credit_note", "dispute", "refund"):
        assert max((doc["created"] for doc in halden.stripe.all(kind)), default=0) < end
    stamps = [doc["SystemModstamp"] for kind in ("Account", "Contract", "Case") for doc in halden.salesforce.all(kind)]
    assert max(stamps) < "2026-11-22T00:10"


@pytest.mark.parametrize("anchor", [date(2026, 3, 1), date(2026, 1, 31), date(2024, 2, 29)])
def test_on_any_day_unposted_invoices_lie_in_open_months(tmp_path: Path, anchor: date) -> None:
    made = generate(tmp_path, scale="0.01", anchor=anchor)
    planted = {entry["external_id"] for entry in truth(made.folder)}
    previous = (anchor.replace(day=1) - timedelta(days=1)).replace(day=1)
    assert all(doc["created"] >= midnight(previous) for doc in made.unposted() if doc["id"] not in planted)


def test_systems_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    only = Memory("netsuite")
    populate({"netsuite": only}, Decimal("0.01"), 7, ANCHOR, folder=tmp_path)
    assert only.count("transaction") > 0


def test_scale_zero_loads_nothing(tmp_path: Path) -> None:
    made = generate(tmp_path, scale="0")
    assert sum(made.stripe.count(kind) for kind in made.stripe.kinds) == 0
    assert truth(tmp_path) == []


def test_salesforce_ids_carry_their_checksum(halden: Sandbox) -> None:
    ids = [doc["Id"] for kind in halden.salesforce.kinds for doc in halden.salesforce.all(kind)]
    assert len(set(ids)) == len(ids)
    assert all(len(id) == 18 and id[15:] == checksum(id[:15]) for id in ids)
    assert checksum("001D000000IqhSL") == "IAZ"
