"""Things that happen at the living company, each told to every system that would know of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from . import pipeline, stripe_ids, to_salesforce, to_stripe, to_stripe_cash, to_stripe_credits, to_stripe_invoices
from .billing import invoice as right_invoice
from .catalogue import ANALYTICS, CORE, STORAGE, list_price
from .contracts import window
from .flaws import Scene, flaw, spoil
from .ids import add_months, salesforce_id, salesforce_time
from .journal import Company
from .model import Billing, CardDispute, Complaint, Contract, Credit, Customer, Invoice, Order, Payment
from .money import rounded
from .names import CASE_REASONS, CASE_TEXTS, SUPPORT_SUBJECTS
from .positions import NOTHING
from .settling import CARD_REASONS, CREDIT_REASONS
from .to_salesforce import stamped
from .to_stripe_cash import Receipt
from .truth import add_truth, label
from .vendor import Doc, Emulator
from .world import number as invoice_number

PLANTED_PER_HUNDRED = 12
SIMPLE_KINDS = ("price_outdated", "terms_drift", "charge_extra", "currency_mismatch")
PRICED_KINDS = ("discount_wrong",)


@dataclass(slots=True)
class Scenery:
    """Everything a happening may use. `now` is the moment of this step."""

    company: Company
    emulators: Mapping[str, Emulator]
    rng: Random
    now: datetime

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def seconds(self) -> int:
        return int(self.now.timestamp())

    def save(self, system: str, kind: str, doc: Doc, event: str | None = None) -> None:
        emulator = self.emulators.get(system)
        if emulator is not None and kind in emulator.kinds:
            emulator.save(kind, doc, event)

    def stripe(self, kind: str, id: str) -> Doc | None:
        return self.emulators["stripe"].get(kind, id) if "stripe" in self.emulators else None


def due_contract(scene: Scenery) -> Contract | None:
    """A contract whose next period has begun and is not billed."""
    company = scene.company
    for contract in company.contracts.values():
        if contract.customer not in company.flawed and contract.status == "Activated":
            start = company.next_start(contract)
            if start is not None and start <= scene.today:
                return contract
    return None


def bill(scene: Scenery, contract: Contract | None = None) -> str | None:
    """Issue the invoice of a period that has begun; now and then with a discrepancy."""
    contract = contract or due_contract(scene)
    if contract is None:
        return None
    company = scene.company
    turn = company.turns[contract.number] + 1
    start = company.next_start(contract)
    assert start is not None
    customer = company.customers[contract.customer]
    span = Billing(contract.index, turn, start, add_months(start, contract.months))
    right = _issued(scene, right_invoice(contract, customer, span, company.seed), contract)
    one = _maybe_spoiled(scene, right, contract, customer)
    company.billed(contract, turn)
    company.journal.next_place += 1
    if one.flaw is None:
        company.open_invoices.append(one)
    _tell_invoice(scene, one, contract, customer)
    return f"invoice {one.number}"


def _issued(scene: Scenery, right: Invoice, contract: Contract) -> Invoice:
    return replace(
        right,
        number=invoice_number(scene.company.journal.next_place, scene.today),
        issued=scene.today,
        created=scene.seconds,
        due=scene.today + timedelta(days=contract.terms_days),
        posted=False,
    )


def _maybe_spoiled(scene: Scenery, right: Invoice, contract: Contract, customer: Customer) -> Invoice:
    if scene.rng.randrange(100) >= PLANTED_PER_HUNDRED:
        return right
    kinds = [kind for kind in SIMPLE_KINDS if kind != "price_outdated" or CORE in contract.prices]
    kinds += PRICED_KINDS if contract.discount_end is None else ()
    kinds += ["po_missing"] if contract.po_number else []
    kinds += ["tax_mismatch"] if right.tax else []
    about = Scene(right, contract, customer, window(scene.today), scene.company.seed)
    one, detail = spoil(scene.rng.choice(kinds), about)
    add_truth(scene.company.folder, label(scene.company.seed, flaw(one, right, detail, 0), one))
    return one


def _tell_invoice(scene: Scenery, one: Invoice, contract: Contract, customer: Customer) -> None:
    seed = scene.company.seed
    for line in one.lines:
        price = to_stripe.price(line.product, one.currency, line.unit_minor, scene.seconds)
        if scene.stripe("price", price["id"]) is None:
            scene.save("stripe", "price", price, "price.created")
    subscription = to_stripe.subscription(seed, contract, customer, one)
    known = scene.stripe("subscription", subscription["id"]) is not None
    event = "customer.subscription.updated" if known else "customer.subscription.created"
    scene.save("stripe", "subscription", subscription, event)
    doc = to_stripe_invoices.invoice(seed, one, contract, customer, NOTHING)
    scene.save("stripe", "invoice", doc, "invoice.finalized")


def add_on(scene: Scenery) -> str | None:
    """A customer buys something more: contract and order in Salesforce, then subscription and invoice in Stripe."""
    company, rng = scene.company, scene.rng
    customer = rng.choice(company.customers)
    if customer.index in company.flawed:
        return None
    product = rng.choice((ANALYTICS, STORAGE))
    unit = rounded(list_price(product, customer.currency) * 95, 100)
    first_day = scene.today.replace(day=min(scene.today.day, 28))
    contract = company.add_on(customer, first_day, (product, rng.randint(3, 60), unit))
    seed = company.seed
    fields = to_salesforce.contract_fields(seed, contract, customer)
    signed = stamped(to_salesforce.contract_id(seed, contract), scene.seconds, fields)
    _tell_sale(scene, contract, customer)
    scene.save("salesforce", "Contract", signed)
    _tell_order(scene, contract, customer, 0)
    return bill(scene, contract)


def _tell_sale(scene: Scenery, contract: Contract, customer: Customer) -> None:
    """Won today, with the contract that comes of it."""
    seed = scene.company.seed
    sale = replace(pipeline.sale_of(seed, contract, customer), close=scene.today)
    told = {"Opportunity": pipeline.opportunity(seed, customer, sale, scene.today)}
    if sale.quote is not None:
        told["Quote"] = pipeline.quote(seed, customer, sale, scene.today)
    for kind, doc in told.items():
        scene.save("salesforce", kind, doc | stamped(doc["Id"], scene.seconds, {}))


def _tell_order(scene: Scenery, contract: Contract, customer: Customer, place: int) -> None:
    seed = scene.company.seed
    fields = to_salesforce.order_fields(seed, contract, customer, place)
    order = stamped(to_salesforce.order_id(seed, contract, place), scene.seconds, fields)
    scene.save("salesforce", "Order", order)
    for item in to_salesforce.items_of(seed, contract, place, contract.orders[place]):
        fresh = to_salesforce.stamped(item["Id"], scene.seconds, {})
        scene.save("salesforce", "OrderItem", item | fresh)


def amend(scene: Scenery) -> str | None:
    """More seats from the next period on: an amendment in Salesforce, and the subscription follows when it bills."""
    company = scene.company
    numbers = list(company.contracts)
    contract = company.contracts[scene.rng.choice(numbers)]
    start = company.next_start(contract)
    if start is None or start <= scene.today or contract.customer in company.flawed or CORE not in contract.prices:
        return None
    change = max(1, contract.quantity(CORE, start) * scene.rng.randint(3, 15) // 100)
    grown = company.amend(contract, Order("Amendment", start, ((CORE, change),)))
    _tell_order(scene, grown, company.customers[grown.customer], len(grown.orders) - 1)
    return f"amendment of {grown.number}"


def _still_open(scene: Scenery) -> tuple[Invoice, Doc] | None:
    """An open invoice, with its present record; those settled by others are forgotten."""
    places = scene.company.open_invoices
    while places and "stripe" in scene.emulators:
        place = scene.rng.randrange(len(places))
        one = places[place]
        doc = scene.stripe("invoice", stripe_ids.invoice_id(scene.company.seed, one))
        if doc is not None and doc["status"] == "open" and doc["amount_remaining"] > 0:
            return one, doc
        del places[place]
    return None


def pay(scene: Scenery) -> str | None:
    """An open invoice is paid in full, by the customer's usual means."""
    found = _still_open(scene)
    if found is None:
        return None
    one, doc = found
    customer = scene.company.customers[one.customer]
    _close_case(scene, one)
    amount = int(doc["amount_remaining"])
    method = customer.behaviour.method
    dispute = CardDispute(scene.seconds, scene.rng.choice(CARD_REASONS), "needs_response")
    disputed = method == "card" and scene.rng.random() < 0.05
    turn = 10 + int(doc["attempt_count"])
    payment = Payment(0, turn, scene.seconds, amount, method, dispute=dispute if disputed else None)
    receipt = Receipt(scene.company.seed, one, customer, payment)
    _tell_payment(scene, receipt, doc)
    return f"payment of {one.number}"


def _tell_payment(scene: Scenery, receipt: Receipt, doc: Doc) -> None:
    payment = receipt.payment
    if payment.method == "card":
        scene.save("stripe", "payment_intent", to_stripe_cash.payment_intent(receipt), "payment_intent.succeeded")
        scene.save("stripe", "charge", to_stripe_cash.charge(receipt, settled=False), "charge.succeeded")
    else:
        scene.save("stripe", "payment_record", to_stripe_cash.payment_record(receipt))
    scene.save("stripe", "invoice_payment", to_stripe_cash.invoice_payment(receipt), "invoice_payment.paid")
    paid = doc["amount_paid"] + payment.amount
    settled: Doc = {
        "amount_paid": paid,
        "amount_remaining": doc["amount_due"] - paid,
        "attempted": True,
        "status": "paid",
        "status_transitions": {**doc["status_transitions"], "paid_at": payment.at},
    }
    key, more = ("attempt_count", 1) if payment.method == "card" else ("amount_paid_off_stripe", payment.amount)
    settled[key] = (doc[key] or 0) + more
    scene.save("stripe", "invoice", doc | settled, "invoice.paid")
    if payment.dispute is not None:
        dispute = to_stripe_cash.dispute(receipt, scene.today)
        scene.save("stripe", "dispute", dispute, "charge.dispute.created")


def _close_case(scene: Scenery, one: Invoice) -> str | None:
    """Whoever objected to the invoice has been answered; None when nobody objects to it."""
    crm, number = scene.emulators.get("salesforce"), scene.company.cases.get(one.number)
    id = salesforce_id("500", f"{scene.company.seed}:case:{number}")
    case = crm.get("Case", id) if crm is not None and number is not None else None
    if case is None or case["IsClosed"]:
        return None
    closed = {"Status": "Closed", "IsClosed": True, "ClosedDate": salesforce_time(scene.seconds)}
    scene.save("salesforce", "Case", case | closed)
    return f"end of case {case['CaseNumber']}"


def complain(scene: Scenery) -> str | None:
    """A case: about an open invoice, or a plain question. An invoice that is in dispute already has its case closed."""
    company, rng = scene.company, scene.rng
    found = _still_open(scene) if rng.random() < 0.6 else None
    if found is not None:
        one, _ = found
        if (told := _close_case(scene, one)) is not None:
            return told
        company.disputed(one, company.journal.next_case)
        reason = rng.choice(CASE_REASONS)
        about = ("Invoice dispute", reason, f"{reason}: invoice {one.number}", CASE_TEXTS[reason], "High")
        customer, number = company.customers[one.customer], one.number
    else:
        kind, subject = rng.choice(SUPPORT_SUBJECTS)
        about = (kind, "Other", subject, subject, "Medium")
        customer, number = rng.choice(company.customers), None
    case = Complaint(company.journal.next_case, customer.index, None, scene.seconds, None, *about)
    company.journal.next_case += 1
    fields = to_salesforce.case_fields(company.seed, case, customer, number) | {"Status": "New"}
    id = salesforce_id("500", f"{company.seed}:case:{case.index}")
    scene.save("salesforce", "Case", stamped(id, scene.seconds, fields))
    return f"case {fields['CaseNumber']}"


def credit(scene: Scenery) -> str | None:
    """A tenth of an open, untouched invoice is credited."""
    found = _still_open(scene)
    if found is None or found[1]["pre_payment_credit_notes_amount"] or found[1]["amount_paid"]:
        return None
    one, doc = found
    amount, reason = rounded(doc["total"], 10), scene.rng.choice(CASE_REASONS)
    tax = rounded(amount * one.tax, one.total)
    note = Credit(0, scene.seconds, amount, tax, CREDIT_REASONS.get(reason, "order_change"), reason, False)
    seed = scene.company.seed
    scene.save("stripe", "credit_note", to_stripe_credits.credit_note(seed, one, note, False), "credit_note.created")
    due = doc["amount_due"] - amount
    lowered = {"amount_due": due, "amount_remaining": due, "pre_payment_credit_notes_amount": amount}
    scene.save("stripe", "invoice", doc | lowered, "invoice.updated")
    return f"credit note for {one.number}"


def move(scene: Scenery) -> str | None:
    """A customer's people change: another phone number in both systems."""
    company = scene.company
    customer = scene.rng.choice(company.customers)
    phone = f"+1 555 01{scene.rng.randrange(100):02d}"
    person = scene.stripe("customer", stripe_ids.customer_id(company.seed, customer))
    if person is not None:
        scene.save("stripe", "customer", person | {"phone": phone}, "customer.updated")
    crm = scene.emulators.get("salesforce")
    contact = crm.get("Contact", to_salesforce.contact_id(company.seed, customer)) if crm else None
    if contact is not None:
        scene.save("salesforce", "Contact", contact | {"Phone": phone})
    return f"new phone of {customer.name}"


HAPPENINGS: tuple[tuple[int, Callable[[Scenery], str | None]], ...] = (
    (30, bill),
    (34, pay),
    (10, add_on),
    (8, amend),
    (10, complain),
    (4, credit),
    (4, move),
)
