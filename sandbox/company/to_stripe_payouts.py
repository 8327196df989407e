"""Stripe's view of its own account: balance transactions of recent charges, and the weekly payouts."""

from collections.abc import Iterator
from datetime import date, timedelta

from . import forms
from .ids import day_of, midnight, scramble
from .model import World
from .to_stripe_cash import DAY, PAYOUT_DAYS, Receipt, receipts, txn_id
from .vendor import Doc

FEE_PER_MILLE, FEE_FIXED = 29, 30


def balance_transactions(made: World) -> Iterator[Doc]:
    """Of the charges of the last weeks, each tied to the payout of the Monday after it, and of the payouts."""
    for receipt, monday in _settling(made):
        amount = receipt.payment.amount
        fee = _fee(amount)
        payout = _payout_id(made, receipt.currency, monday)
        yield _transaction(txn_id(receipt), receipt.currency, (amount, fee), receipt.payment.at, receipt.charge_id) | (
            {"_payout": payout} if monday < made.anchor else {}
        )
    for sent in payouts(made):
        at = (-sent["amount"], 0), sent["created"]
        row = _transaction(sent["balance_transaction"], sent["currency"], *at, sent["id"])
        yield row | {"type": "payout", "reporting_category": "payout", "_payout": sent["id"]}


def _fee(amount: int) -> int:
    return amount * FEE_PER_MILLE // 1000 + FEE_FIXED


def _settling(made: World) -> Iterator[tuple[Receipt, date]]:
    since = midnight(made.anchor - timedelta(days=PAYOUT_DAYS))
    for receipt in receipts(made):
        payment = receipt.payment
        if payment.method == "card" and not payment.failed and payment.at >= since:
            day = day_of(payment.at)
            yield receipt, day + timedelta(days=7 - day.weekday())


def _transaction(id: str, currency: str, money: tuple[int, int], at: int, source: str) -> Doc:
    amount, fee = money
    detail = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    return {
        **forms.BALANCE_TRANSACTION,
        "id": id,
        "amount": amount,
        "available_on": (at // DAY + 2) * DAY,
        "created": at,
        "currency": currency,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "source": source,
    }


def _payout_id(made: World, currency: str, monday: date) -> str:
    return f"po_1{scramble(f'{made.seed}:payout:{currency}:{monday}', 23)}"


def payouts(made: World) -> Iterator[Doc]:
    """Every Monday, per currency: the net of the charges of the week before."""
    sums: dict[tuple[date, str], int] = {}
    for receipt, monday in _settling(made):
        if monday < made.anchor:
            net = receipt.payment.amount - _fee(receipt.payment.amount)
            sums[monday, receipt.currency] = sums.get((monday, receipt.currency), 0) + net
    for (monday, currency), amount in sorted(sums.items()):
        id = _payout_id(made, currency, monday)
        yield {
            **forms.PAYOUT,
            "id": id,
            "amount": amount,
            "arrival_date": midnight(monday + timedelta(days=1)),
            "balance_transaction": f"txn_1{scramble(id, 23)}",
            "created": midnight(monday) + 1800,
            "currency": currency,
        }
