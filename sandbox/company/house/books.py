"""What the living company knows of the contracts that the product bills, kept in a file over restarts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from .. import pipeline, to_salesforce
from ..catalogue import CORE
from ..truth import keep
from ..vendor import Doc, Emulator
from . import to_salesforce as crm
from .generate import house, signed_later
from .metering import SPIKE_DAYS_AGO, Meter
from .model import Deal, Item
from .populating import LIFE_FILE, ORIGIN_FILE, debtors, payer
from .selling import sale_of


@dataclass(slots=True)
class Ledger:
    """The part that is written down: days on which contracts were signed, amendments, renewals agreed."""

    signed: list[str] = field(default_factory=list)
    amended: list[tuple[str, str, int]] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)


class Books:
    """All contracts as they are now. Not for several threads at once."""

    def __init__(self, folder: Path) -> None:
        origin: dict[str, Any] = json.loads((folder / ORIGIN_FILE).read_text())
        self.seed: int = origin["seed"]
        self.anchor = date.fromisoformat(origin["anchor"])
        self._folder = folder
        made = house(Decimal(origin["scale"]), self.seed, self.anchor)
        self.deals = {deal.number: deal for deal in made.deals}
        path = folder / LIFE_FILE
        self._ledger = Ledger(**json.loads(path.read_text())) if path.exists() else Ledger()
        for place, day in enumerate(self._ledger.signed):
            self._add(signed_later(self.seed, place, date.fromisoformat(day)))
        for number, day, change in self._ledger.amended:
            self._amend(self.deals[number], date.fromisoformat(day), change)

    @classmethod
    def of(cls, folder: Path) -> "Books | None":
        """None where there are no such contracts."""
        return cls(folder) if (folder / ORIGIN_FILE).exists() else None

    @property
    def steps(self) -> int:
        return len(self._ledger.signed) + len(self._ledger.amended) + len(self._ledger.renewed)

    def meter(self) -> Meter:
        deals = tuple(deal for deal in self.deals.values() if deal.is_metered)
        spike = datetime(self.anchor.year, self.anchor.month, self.anchor.day, tzinfo=UTC) - timedelta(SPIKE_DAYS_AGO)
        return Meter(self.seed, deals, spike)

    def step(self, emulators: Mapping[str, Emulator], now: datetime) -> str:
        """One thing happens: mostly somebody signs, buys more or less, and now and then renews early."""
        rng = Random(f"{self.seed}:house:step:{self.steps}")
        chance = rng.randrange(100)
        told = None
        if chance < 35:
            told = self.amend(emulators, now, rng)
        elif chance < 50:
            told = self.renew(emulators, now, rng)
        return told or self.sign(emulators, now)

    def sign(self, emulators: Mapping[str, Emulator], now: datetime) -> str:
        """A new customer signs: all systems learn of it as they would."""
        deal = signed_later(self.seed, len(self._ledger.signed), now.date())
        self._ledger.signed.append(now.date().isoformat())
        self._add(deal)
        seconds = int(now.timestamp())
        _save(emulators, "netsuite", "customer", debtors(self.seed, self.anchor, [deal.customer])[0])
        _save(emulators, "stripe", "customer", payer(self.seed, deal.customer), "customer.created")
        _save(emulators, "salesforce", "Account", _now(crm.account(self.seed, deal), seconds))
        _save(emulators, "salesforce", "Contact", _now(crm.contact(self.seed, deal), seconds))
        sold = replace(sale_of(self.seed, deal), close=now.date())
        offer = pipeline.opportunity(self.seed, deal.customer, sold, now.date())
        _save(emulators, "salesforce", "Opportunity", _now(offer, seconds))
        if sold.quote:
            quote = pipeline.quote(self.seed, deal.customer, sold, now.date())
            _save(emulators, "salesforce", "Quote", _now(quote, seconds))
        _save(emulators, "salesforce", "Contract", _now(crm.contract(self.seed, deal), seconds))
        self._tell_items(emulators, deal, range(len(deal.items)), seconds)
        self._keep()
        return f"contract {deal.number} of {deal.customer.name}"

    def amend(self, emulators: Mapping[str, Emulator], now: datetime, rng: Random) -> str | None:
        """More or fewer seats from today on, in the middle of a period."""
        found = [deal for deal in self.deals.values() if _can_change(deal, now.date())]
        if not found:
            return None
        deal = rng.choice(found)
        held = sum(item.quantity for item in deal.items if item.product == CORE)
        change = max(1, held * rng.randint(5, 20) // 100) * rng.choice((1, 1, 1, -1))
        if held + change < 1:
            return None
        self._ledger.amended.append((deal.number, now.date().isoformat(), change))
        grown = self._amend(deal, now.date(), change)
        self._tell_items(emulators, grown, range(len(deal.items), len(grown.items)), int(now.timestamp()))
        self._keep()
        return f"amendment of {deal.number}"

    def renew(self, emulators: Mapping[str, Emulator], now: datetime, rng: Random) -> str | None:
        """A customer agrees that the contract goes on at its end, a little dearer."""
        done = set(self._ledger.renewed)
        found = [d for d in self.deals.values() if d.fault is None and not d.auto_renews and d.number not in done]
        crm_side = emulators.get("salesforce")
        if not found or crm_side is None:
            return None
        deal = rng.choice(found)
        there = crm_side.get("Contract", crm.contract_id(self.seed, deal))
        if there is None:
            return None
        agreed = {
            "Auto_Renew__c": True,
            "Renewal_Term_Months__c": 12,
            "Renewal_Uplift_Percent__c": rng.choice((3, 4, 5)),
        }
        crm_side.save("Contract", there | agreed)
        self._ledger.renewed.append(deal.number)
        self._keep()
        return f"renewal of {deal.number}"

    def _add(self, deal: Deal) -> None:
        self.deals[deal.number] = deal

    def _amend(self, deal: Deal, day: date, change: int) -> Deal:
        place = next(place for place, item in enumerate(deal.items) if item.product == CORE)
        more: Item = replace(deal.items[place], quantity=change, start=day, revises=place)
        grown = self.deals[deal.number] = replace(deal, items=(*deal.items, more))
        return grown

    def _tell_items(self, emulators: Mapping[str, Emulator], deal: Deal, places: range, seconds: int) -> None:
        items = list(crm.order_items(self.seed, deal))
        wanted = [items[place] for place in places]
        orders = {item["OrderId"] for item in wanted}
        for order in crm.orders(self.seed, deal):
            if order["Id"] in orders:
                _save(emulators, "salesforce", "Order", _now(order, seconds))
        for item in wanted:
            _save(emulators, "salesforce", "OrderItem", _now(item, seconds))

    def _keep(self) -> None:
        keep(self._folder / LIFE_FILE, {name: getattr(self._ledger, name) for name in Ledger.__dataclass_fields__})


def _can_change(deal: Deal, today: date) -> bool:
    """Sold by the seat, in force, and right."""
    seats = [item for item in deal.items if item.product == CORE and item.pricing.kind == "Recurring"]
    return bool(seats) and deal.fault is None and deal.start < today < deal.end and not seats[0].pricing.ramp


def _now(doc: Doc, seconds: int) -> Doc:
    return doc | to_salesforce.stamped(doc["Id"], seconds, {})


def _save(emulators: Mapping[str, Emulator], system: str, kind: str, doc: Doc, event: str | None = None) -> None:
    emulator = emulators.get(system)
    if emulator is not None and kind in emulator.kinds:
        emulator.save(kind, doc, event)
