"""Reading Salesforce: rows by (SystemModstamp, Id), a key that no bulk update and no restart can fool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.salesforce import mapping
from connectors.salesforce.client import TITLE, Client, Doc
from connectors.salesforce.config import Config
from connectors.salesforce.cpq import CPQ_FIELDS, CPQ_OBJECT
from connectors.salesforce.names import SOURCE
from connectors.salesforce.selling import CPQ_QUOTE, CPQ_QUOTE_FIELDS, OPPORTUNITY_FIELDS, QUOTE_FIELDS
from connectors.shapes import Records
from core.canonical import CanonicalRecord
from core.ports import Capabilities, ConnectorFailure, Page, Probe, RawRecord, Stream

# Rows are stamped when their transaction starts and seen when it ends.
SETTLING_SECONDS = 60
# Kinds of records that people open in Salesforce from here.
_OPENED = frozenset({"Opportunity", "Quote", CPQ_QUOTE})
_ALWAYS = ("Id", "IsDeleted", "SystemModstamp")
_FORM = "%Y-%m-%dT%H:%M:%S.000Z"


@dataclass(frozen=True, slots=True)
class _Object:
    name: str
    fields: str

    def columns(self, with_currency: bool) -> str:
        names = [*_ALWAYS, *self.fields.split()]
        return ", ".join(name for name in names if with_currency or name != "CurrencyIsoCode")


_STREAMS = {
    "accounts": _Object(
        "Account",
        "Name AccountNumber BillingStreet BillingCity BillingState BillingPostalCode BillingCountryCode "
        "CurrencyIsoCode Owner.Name Segment__c Legal_Entity__c Tax_Id__c PO_Required__c Payment_Terms_Days__c "
        "Credit_Hold__c Billing_Email__c Tax_Exempt__c Payment_Method__c Invoice_Release__c",
    ),
    "products": _Object("Product2", "Name ProductCode"),
    "contracts": _Object(
        "Contract",
        "AccountId ContractNumber Status StartDate EndDate CurrencyIsoCode PO_Number__c Payment_Terms_Days__c "
        "Discount_Percent__c Discount_End_Date__c Billing_Frequency__c Billing_System__c Billing_Anchor_Day__c "
        "Auto_Renew__c Renewal_Term_Months__c Renewal_Uplift_Percent__c",
    ),
    "order_items": _Object(
        "OrderItem",
        "Order.ContractId Product_Code__c Quantity UnitPrice ServiceDate EndDate Description Revised_Item__c "
        "Charge_Type__c Pricing_Model__c Billing_Timing__c Billing_Frequency_Months__c Price_Tiers__c Package_Size__c "
        "Ramp__c Meter__c Included_Quantity__c Minimum_Amount__c Commit_Amount__c Free_Until__c Discount_Percent__c "
        "Discount_End_Date__c Milestone_Date__c Proration__c Entity_Shares__c",
    ),
    "cases": _Object(
        "Case",
        "CaseNumber AccountId Subject Description Status Reason Type IsClosed ClosedDate CreatedDate Invoice_Number__c",
    ),
    "opportunities": _Object("Opportunity", OPPORTUNITY_FIELDS),
    "quotes": _Object("Quote", QUOTE_FIELDS),
}
# The same stream, from where an org with CPQ keeps what was promised.
_CPQ_LINES = {
    "contracts": _Object("Contract", f"{_STREAMS['contracts'].fields} SBQQ__Opportunity__c"),
    "order_items": _Object(CPQ_OBJECT, CPQ_FIELDS),
}
_CPQ_QUOTES = {"quotes": _Object(CPQ_QUOTE, CPQ_QUOTE_FIELDS)}


def _streams(config: Config) -> Mapping[str, _Object]:
    """What this org has, and where."""
    streams = _STREAMS | (_CPQ_LINES if config.lines_from == "cpq" else {})
    quotes_from = config.quotes_from or ("cpq" if config.lines_from == "cpq" else "quotes")
    if quotes_from == "none":
        return {name: one for name, one in streams.items() if name != "quotes"}
    return streams | (_CPQ_QUOTES if quotes_from == "cpq" else {})


def _capabilities(streams: Mapping[str, _Object]) -> Capabilities:
    return Capabilities(
        system=SOURCE,
        title=TITLE,
        streams=tuple(Stream(name, (one.name,)) for name, one in streams.items()),
        max_in_flight=3,
        requests_per_second=5,
    )


CAPABILITIES = _capabilities(_STREAMS)


class SalesforceSource:
    """The port Source over SOQL."""

    def __init__(self, config: Config, client: Client) -> None:
        self._config = config
        self._client = client
        self._streams = _streams(config)
        self.capabilities = _capabilities(self._streams)

    def check(self) -> Probe:
        sentences: list[str] = []
        try:
            self._client.sign_in()
            sentences.append(f"{TITLE} accepts our consumer key.")
            for one in self._streams.values():
                self._client.query(f"SELECT {self._columns(one)} FROM {one.name} LIMIT 1")
                sentences.append(f"{TITLE} shows us the object {one.name} with all fields we need.")
        except ConnectorFailure as problem:
            return Probe(False, (*sentences, problem.sentence))
        return Probe(True, tuple(sentences))

    def count(self, stream: str) -> int | None:
        total = self._client.query(f"SELECT COUNT() FROM {self._streams[stream].name}").get("totalSize")
        return total if isinstance(total, int) else None

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """The first pull reads all living rows. With `done` in the cursor only changes are read, deleted rows too, up
        to what has settled."""
        one = self._streams[stream]
        is_change = bool(cursor.get("done") or cursor.get("change"))
        # A first pull may be broken off and go on much later: what counts is when it began.
        bound = str(cursor.get("from") or self._settled())
        key = (str(cursor.get("stamp", "")), str(cursor.get("id", "")))
        if is_change and key[0] and _instant(key[0]) >= _instant(bound):
            yield Page((), dict(cursor), is_last=True)
            return
        while True:
            answer = self._client.query(self._soql(one, key, bound if is_change else None), with_deleted=is_change)
            rows: list[Doc] = answer["records"]
            key = (_literal(rows[-1]["SystemModstamp"]), rows[-1]["Id"]) if rows else key
            # A batch may be shorter than asked for; only `done` with room to spare tells the end.
            is_last = not rows or (bool(answer.get("done")) and len(rows) < self._config.page_rows)
            records = tuple([self._record(one, row) for row in rows])
            yield Page(records, _cursor(key, bound, is_last, is_change), is_last)
            if is_last:
                return

    def to_canonical(self, record: RawRecord) -> Records:
        found = mapping.to_canonical(record, self._config.dispute_case_type)
        return tuple([self._placed(each) for each in found]) if record.kind in _OPENED else found

    def fetch(self, kind: str, external_id: str) -> RawRecord | None:
        one = next(one for one in self._streams.values() if one.name == kind)
        if not external_id.isalnum():
            return None
        rows = self._client.query(f"SELECT {self._columns(one)} FROM {one.name} WHERE Id = '{external_id}'")["records"]
        return self._record(one, rows[0]) if rows else None

    def _placed(self, found: CanonicalRecord) -> CanonicalRecord:
        """With the address at which people open the record of a deal."""
        return found.model_copy(update={"address": f"{self._config.address.rstrip('/')}/{found.source_ref}"})

    def _settled(self) -> str:
        """Until when all rows are certain to be seen, by the org's own clock."""
        return (self._client.time() - timedelta(seconds=SETTLING_SECONDS)).strftime(_FORM)

    def _columns(self, one: _Object) -> str:
        return one.columns(with_currency=self._config.single_currency is None)

    def _soql(self, one: _Object, key: tuple[str, str], before: str | None) -> str:
        stamp, id = key
        terms = []
        if stamp:
            terms.append(f"SystemModstamp >= {stamp}")
        if stamp and id:
            terms.append(f"(SystemModstamp > {stamp} OR Id > '{id}')")
        if before:
            terms.append(f"SystemModstamp < {before}")
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        order = f"ORDER BY SystemModstamp, Id LIMIT {self._config.page_rows}"
        return f"SELECT {self._columns(one)} FROM {one.name}{where} {order}"

    def _record(self, one: _Object, row: Doc) -> RawRecord:
        row.pop("attributes", None)
        if self._config.single_currency is not None and "CurrencyIsoCode" in one.fields:
            row["CurrencyIsoCode"] = self._config.single_currency
        return RawRecord(one.name, row["Id"], row["SystemModstamp"], row)


def _literal(stamp: str) -> str:
    """An instant as SOQL wants it: the API writes its offset without a colon."""
    return stamp.removesuffix("+0000") + "Z" if stamp.endswith("+0000") else stamp


def _instant(literal: str) -> datetime:
    return datetime.fromisoformat(literal)


def _cursor(key: tuple[str, str], bound: str, is_last: bool, is_change: bool) -> dict[str, Any]:
    """At rest the cursor stands before what has not settled; such rows come again, with the same version."""
    stamp, id = key
    if not is_last:
        return {"stamp": stamp, "id": id} | ({"change": True} if is_change else {"from": bound})
    if not stamp or _instant(stamp) > _instant(bound):
        stamp, id = bound, ""
    return {"stamp": stamp, "id": id, "done": True}
