"""Each outside system as an emulator that listens, with its connector and a way to let something happen there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from connectors import Connector, avatax, mail, netsuite, salesforce, stripe
from core.ports import Ledger, RawRecord, Source, TaxEngine
from sandbox.faults import Faults
from tests.connectors.mail.conftest import enclose

NAMES = ("salesforce", "stripe", "netsuite")
# With those that nothing is read from.
EVERYTHING = (*NAMES, "avatax", "mail")
# Small pages, so that a small company fills several.
STREAMS: dict[str, dict[str, tuple[str, ...]]] = {
    "salesforce": {
        "accounts": ("Account",),
        "products": ("Product2",),
        "contracts": ("Contract",),
        "order_items": ("OrderItem",),
        "cases": ("Case",),
        "opportunities": ("Opportunity",),
        "quotes": ("Quote",),
    },
    "stripe": {
        "customers": ("customer",),
        "products": ("product", "price"),
        "invoices": ("invoice",),
        "credit_notes": ("credit_note",),
        "events": ("event",),
        "invoice_payments": ("invoice_payment",),
        "disputes": ("dispute",),
        "meters": ("billing.meter",),
        "subscriptions": ("subscription",),
    },
    "netsuite": {
        "reference": ("subsidiary", "item", "currencyrate", "customer"),
        "transactions": ("transaction",),
    },
}
EVERY_STREAM = [(name, stream) for name, streams in STREAMS.items() for stream in streams]
Identity = tuple[str, str, str]


class MovingClock:
    """Runs with the real one, and can be moved ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass
class System:
    """`line` is what the sandbox tells of the system; connectors are built anew where a test asks."""

    name: str
    line: dict[str, Any]
    emulator: Any
    faults: Faults
    clock: MovingClock

    def connector(self, **changes: Any) -> Connector:
        return _BUILD[self.name](self, changes)

    @property
    def source(self) -> Source:
        found = self.connector().source
        assert found is not None
        return found

    @property
    def ledger(self) -> Ledger:
        found = self.connector().ledger
        assert found is not None
        return found

    @property
    def taxes(self) -> TaxEngine:
        found = self.connector().taxes
        assert found is not None
        return found

    def secrets(self) -> list[str]:
        given: dict[str, str] = self.line["credentials"]
        names = {"api_key", "consumer_secret", "private_key", "client_id", "certificate_id", "license_key"}
        names |= {"password"}
        return [line for name in names & given.keys() for line in given[name].splitlines() if len(line) > 12]

    def held(self, stream: str) -> int:
        """How many records the emulator holds that the stream should bring."""
        return sum(self.emulator.count(kind) for kind in STREAMS[self.name][stream])


def pulled(source: Source, stream: str, cursor: dict[str, Any] | None = None) -> tuple[list[RawRecord], dict[str, Any]]:
    """All records of one pull, and the cursor behind them."""
    records: list[RawRecord] = []
    last: dict[str, Any] = cursor or {}
    is_last = False
    for page in source.pull(stream, cursor or {}):
        assert not is_last, "a page came behind the last one"
        records += page.records
        last, is_last = dict(page.cursor), page.is_last
    assert is_last, "the pull ended without a last page"
    return records, last


def identities(records: list[RawRecord]) -> list[Identity]:
    return [(record.kind, record.external_id, record.version) for record in records]


def _salesforce(system: System, changes: dict[str, Any]) -> Connector:
    config = salesforce.Config.from_sandbox(system.line).model_copy(update={"page_rows": 20, **changes})
    return salesforce.build(config, clock=system.clock)


def _stripe(system: System, changes: dict[str, Any]) -> Connector:
    return stripe.build(stripe.Config.from_sandbox(system.line).model_copy(update={"page_size": 20, **changes}))


def _netsuite(system: System, changes: dict[str, Any]) -> Connector:
    config = netsuite.Config.from_sandbox(system.line).model_copy(update={"page_rows": 200, **changes})
    return netsuite.build(config, clock=system.clock)


def _avatax(system: System, changes: dict[str, Any]) -> Connector:
    return avatax.build(avatax.Config.from_sandbox(system.line).model_copy(update=changes), clock=system.clock)


def _mail(system: System, changes: dict[str, Any]) -> Connector:
    return mail.build(mail.Config.from_sandbox(system.line).model_copy(update=changes), enclose, system.clock)


_BUILD: dict[str, Callable[[System, dict[str, Any]], Connector]] = {
    "salesforce": _salesforce,
    "stripe": _stripe,
    "netsuite": _netsuite,
    "avatax": _avatax,
    "mail": _mail,
}
WRONG: dict[str, dict[str, Any]] = {
    "salesforce": {"consumer_secret": SecretStr("not the secret at all")},
    "stripe": {"api_key": SecretStr("sk_test_notthekeyatall")},
    "netsuite": {"certificate_id": SecretStr("not-the-certificate")},
    "avatax": {"license_key": SecretStr("not the licence key")},
    "mail": {"password": SecretStr("not the password")},
}
# The stream in which a change shows, once its list was read to the end.
CHANGE_STREAM = {"salesforce": "accounts", "stripe": "events", "netsuite": "transactions"}


def change_something(system: System) -> tuple[str, str]:
    """A new record as the vendor itself would make it; answers the kind and id under which it is to arrive."""
    number = next(_NUMBERS)
    if system.name == "salesforce":
        doc = {**system.emulator.get("Account", _any_id(system, "Account")), "Id": f"001Conformance{number:04d}"}
        system.emulator.save("Account", doc)
        return "Account", str(doc["Id"])
    if system.name == "stripe":
        doc = {**system.emulator.get("invoice", _any_id(system, "invoice")), "id": f"in_conformance{number}"}
        system.emulator.save("invoice", doc, "invoice.created")
        return "event:invoice.created", str(doc["id"])
    row = {**system.emulator.get("transaction", _any_id(system, "transaction")), "id": None}
    row["externalid"] = f"conformance_{number}"
    system.emulator.save("transaction", row)
    return "transaction", str(row["id"])


def _any_id(system: System, kind: str) -> str:
    """The id of the first record that a first pull brings."""
    stream = next(stream for stream, kinds in STREAMS[system.name].items() if kind in kinds)
    page = next(iter(system.source.pull(stream, {})))
    return page.records[0].external_id


def _count_up() -> Any:
    number = 0
    while True:
        number += 1
        yield number


_NUMBERS = _count_up()
