"""What is planted is there, once per invoice; what is not planted is right."""

from sandbox.company import truth
from sandbox.company.plants import KINDS
from tests.sandbox.company.contract_check import Check, sums_tie
from tests.sandbox.company.memory import Sandbox, kinds_by_invoice

# What an independent reader of the rules finds for each planted kind.
FINDING = {
    "price_outdated": {"price"},
    "seats_outdated": {"quantity"},
    "discount_wrong": {"discount"},
    "discount_expired": {"discount"},
    "po_missing": {"po"},
    "tax_id_missing": {"tax id"},
    "tax_mismatch": {"tax"},
    "duplicate_invoice": {"duplicate"},
    "terms_drift": {"terms"},
    "currency_mismatch": {"currency"},
    "charge_missing": {"missing"},
    "charge_extra": {"extra"},
    "contract_expired": {"period"},
    "contract_unknown": {"contract"},
    "customer_unknown": {"customer"},
    "address_missing": {"address"},
    "customer_on_hold": {"hold"},
    "posting_period_locked": {"locked"},
    "item_unmapped": {"item"},
    "amount_spike": {"variance"},
}


def test_every_kind_is_planted_and_no_invoice_has_two(halden: Sandbox) -> None:
    planted = kinds_by_invoice(truth(halden.folder))
    assert set(planted.values()) == set(KINDS) == set(FINDING)


def test_about_a_fifth_of_the_unposted_invoices_is_planted(halden: Sandbox) -> None:
    planted, unposted = truth(halden.folder), halden.unposted()
    assert {entry["external_id"] for entry in planted} <= {doc["id"] for doc in unposted}
    assert 0.15 < len(planted) / len(unposted) < 0.3


def test_an_unposted_invoice_that_is_not_planted_obeys_every_rule(halden: Sandbox) -> None:
    check, planted = Check(halden), kinds_by_invoice(truth(halden.folder))
    wrong = {doc["id"]: check.problems(doc) for doc in halden.unposted() if doc["id"] not in planted}
    assert len(wrong) > 50
    assert {id: found for id, found in wrong.items() if found} == {}


def test_a_planted_invoice_breaks_exactly_the_rule_of_its_kind(halden: Sandbox) -> None:
    check, planted = Check(halden), kinds_by_invoice(truth(halden.folder))
    found = {doc["id"]: check.problems(doc) for doc in halden.unposted() if doc["id"] in planted}
    assert {id: (planted[id], rules) for id, rules in found.items() if rules != FINDING[planted[id]]} == {}


def test_every_invoice_adds_up(halden: Sandbox) -> None:
    assert [doc["id"] for doc in halden.stripe.all("invoice") if not sums_tie(doc)] == []


def test_labels_name_the_invoice_and_the_money(halden: Sandbox) -> None:
    invoices = {doc["id"]: doc for doc in halden.stripe.all("invoice")}
    for entry in truth(halden.folder):
        doc = invoices[entry["external_id"]]
        assert (entry["system"], entry["number"]) == ("stripe", doc["number"])
        assert entry["currency"] == doc["currency"].upper()
        assert entry["money_minor"] != 0 and entry["detail"].endswith(".")
        assert entry["deterministic"] is (entry["kind"] != "amount_spike")
