"""How invoices are settled: payments by habit, complaints that hold them up, credits, refunds and card disputes."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from .ids import midnight
from .model import CardDispute, Complaint, Credit, Customer, Invoice, Payment
from .money import rounded
from .names import CASE_REASONS, CASE_TEXTS

NINE, HOUR, DAY = 9 * 3600, 3600, 86_400
CREDIT_REASONS = {
    "Duplicate charge": "duplicate",
    "Service not used": "order_change",
    "Contract ended": "order_change",
    "Wrong quantity": "order_change",
    "Service outage credit": "product_unsatisfactory",
}
CARD_REASONS = ("fraudulent", "product_not_received", "duplicate", "subscription_canceled", "credit_not_processed")


@dataclass(slots=True)
class Settled:
    """What happened to all invoices up to the anchor."""

    payments: list[Payment] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    open_places: set[int] = field(default_factory=set)


def settle(invoices: list[Invoice], customers: list[Customer], anchor: date, seed: int) -> Settled:
    """Play every invoice forward to the anchor. Only posted invoices are complained about or credited."""
    done = Settled()
    now = midnight(anchor)
    for place, invoice in enumerate(invoices):
        rng = Random(f"{seed}:settle:{invoice.key}")
        if invoice.flaw == "posting_period_locked":
            done.open_places.add(place)
        elif invoice.status != "void":
            _one(rng, (place, invoice), customers[invoice.customer], now, done)
    return done


def _one(rng: Random, item: tuple[int, Invoice], customer: Customer, now: int, done: Settled) -> None:
    place, invoice = item
    remaining = invoice.total
    held = 0
    if invoice.posted and customer.behaviour.method == "bank" and rng.random() < _trouble(customer):
        held, credit = _complain(rng, item, customer, now, done)
        if credit is not None:
            done.credits.append(credit)
            remaining -= credit.amount
    came = (
        _card(rng, item, customer, now)
        if customer.behaviour.method == "card"
        else (_bank(rng, item, (customer, remaining, held), now))
    )
    done.payments.extend(came)
    paid = sum(payment.amount - payment.excess for payment in came if not payment.failed)
    if paid < remaining:
        done.open_places.add(place)
    elif invoice.posted and came and rng.random() < 0.006:
        _give_back(rng, item, now, done)


def _trouble(customer: Customer) -> float:
    return {"prompt": 0.012, "late": 0.022, "chronic": 0.05}[customer.behaviour.habit]


def _complain(
    rng: Random, item: tuple[int, Invoice], customer: Customer, now: int, done: Settled
) -> tuple[int, Credit | None]:
    """Days that the payment is held up, and the credit note if the complaint was right."""
    place, invoice = item
    at = midnight(invoice.issued) + rng.randrange(4, 25) * DAY + rng.randrange(8 * HOUR, 17 * HOUR)
    if at >= now:
        return 0, None
    lasts = rng.randrange(6, 45)
    closed = at + lasts * DAY if at + lasts * DAY < now else None
    reason = rng.choice(CASE_REASONS)
    done.complaints.append(
        Complaint(len(done.complaints), customer.index, place, at, closed, "Invoice dispute", reason,
                  f"{reason}: invoice {invoice.number}", CASE_TEXTS[reason], rng.choice(("Medium", "High")))
    )  # fmt: skip
    if closed is None or rng.random() < 0.5:
        return lasts + 10, None
    share = rng.choice((5, 10, 10, 15, 20, 30))
    credit = _credit(item, rounded(invoice.total * share, 100), closed, reason)
    return lasts + 12, credit


def _credit(item: tuple[int, Invoice], amount: int, at: int, reason: str, after: bool = False) -> Credit:
    place, invoice = item
    tax = rounded(amount * invoice.tax, invoice.total)
    return Credit(place, at, amount, tax, CREDIT_REASONS.get(reason, "order_change"), reason, after)


def _card(rng: Random, item: tuple[int, Invoice], customer: Customer, now: int) -> list[Payment]:
    """Charged an hour after issue; a declined card is tried again after 3, 8 and 15 days."""
    place, invoice = item
    tries: list[Payment] = []
    failing = customer.behaviour.failing_percent
    for turn, wait in enumerate((0, 3, 8, 15)):
        at = invoice.created + HOUR + wait * DAY
        if at >= now:
            break
        failed = rng.randrange(100) < (failing if turn == 0 else 40)
        tries.append(Payment(place, turn, at, invoice.total, "card", failed=failed))
        if not failed:
            if turn == 0 and rng.random() < 0.006:
                tries[-1] = _disputed(rng, tries[-1], now)
            break
    return tries


def _disputed(rng: Random, payment: Payment, now: int) -> Payment:
    at = payment.at + rng.randrange(5, 45) * DAY + rng.randrange(DAY)
    if at >= now:
        return payment
    age = (now - at) // DAY
    status = "needs_response" if age < 12 else "under_review" if age < 45 else rng.choice(("won", "lost", "lost"))
    dispute = CardDispute(at, rng.choice(CARD_REASONS), status)
    return Payment(payment.invoice, payment.turn, payment.at, payment.amount, payment.method, dispute=dispute)


def _bank(rng: Random, item: tuple[int, Invoice], owed: tuple[Customer, int, int], now: int) -> list[Payment]:
    """By transfer on a working day: whole, in two parts, or rarely a little too much."""
    place, invoice = item
    customer, amount, held = owed
    at = _pay_day(rng, invoice, customer, held)
    if at >= now or rng.random() < 0.003:
        return []
    if rng.randrange(100) < customer.behaviour.failing_percent:
        part = rounded(amount * rng.randrange(40, 75), 100)
        later = _working(at + rng.randrange(8, 35) * DAY)
        came = [Payment(place, 0, at, part, "bank")]
        return came + ([Payment(place, 1, later, amount - part, "bank")] if later < now else [])
    excess = rng.choice((100, 1000, 5000)) if rng.random() < 0.003 else 0
    return [Payment(place, 0, at, amount + excess, "bank", excess=excess)]


def _pay_day(rng: Random, invoice: Invoice, customer: Customer, held: int) -> int:
    behaviour = customer.behaviour
    if behaviour.habit == "prompt" or rng.random() < 0.12:
        days = min(3, round(rng.gauss(-2.5, behaviour.late_sigma + 1)))
    else:
        days = round(rng.lognormvariate(behaviour.late_mu, behaviour.late_sigma))
    due = max(invoice.due + timedelta(days=days), invoice.issued + timedelta(days=2))
    return _working(midnight(due) + held * DAY + rng.randrange(NINE, 2 * NINE))


def _working(at: int) -> int:
    """Saturday and Sunday become Monday (1970-01-01 was a Thursday)."""
    weekday = (at // DAY + 3) % 7
    return at + (7 - weekday) * DAY if weekday >= 5 else at


def _give_back(rng: Random, item: tuple[int, Invoice], now: int, done: Settled) -> None:
    """A credit note after payment; a card is refunded, a transfer is sent back outside of Stripe."""
    last = done.payments[-1]
    at = last.at + rng.randrange(3, 30) * DAY
    if at >= now or last.dispute is not None or last.turn > 0:
        return
    amount = rounded(item[1].total * rng.choice((10, 20, 50)), 100)
    if amount >= last.amount:
        return
    done.credits.append(_credit(item, amount, at, rng.choice(CASE_REASONS), after=True))
    if last.method == "card":
        done.payments[-1] = Payment(last.invoice, last.turn, last.at, last.amount, last.method, refunded=amount)
