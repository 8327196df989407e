"""The record types of the record service: their fields, and which column of which table each one is kept in.

A field is "name:kind[:column[:table referred to]]"; a leading minus marks one that only NetSuite sets.
Without a column the value is kept beside the row. A `ref` without a table is not checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Field:
    """kind: text, number, date, stamp, flag, ref, enum or any."""

    name: str
    kind: str
    column: str | None = None
    target: str | None = None
    read_only: bool = False


@dataclass(frozen=True)
class RecordType:
    """One record type. Field and sublist names are looked up in lower case, as NetSuite reads them."""

    name: str
    table: str
    fields: Mapping[str, Field]
    custom: str
    type_code: str | None = None
    number_prefix: str = ""
    sublists: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    name_field: str = ""

    @property
    def is_transaction(self) -> bool:
        return self.type_code is not None


def _fields(definition: str) -> dict[str, Field]:
    found = {}
    for part in definition.split():
        name, kind, column, target = [*part.lstrip("-").split(":"), "", ""][:4]
        found[name.lower()] = Field(name, kind, column or None, target or None, part.startswith("-"))
    return found


TRANSACTION = """
tranId:text:tranid externalId:text:externalid tranDate:date:trandate memo:text:memo
subsidiary:ref:subsidiary:subsidiary currency:ref:currency:currency exchangeRate:number:exchangerate
postingPeriod:ref:postingperiod:accountingperiod -status:enum:status
-createdDate:stamp:createddate -lastModifiedDate:stamp:lastmodifieddate
class:ref department:ref location:ref customForm:ref
"""
SALE = """
entity:ref:entity:customer otherRefNum:text:otherrefnum account:ref::account createdFrom:ref
-total:number:foreigntotal -subtotal:number -taxTotal:number -discountTotal:number -amountPaid:number
salesRep:ref partner:ref taxItem:ref::salestaxitem email:text message:text toBeEmailed:flag toBePrinted:flag
billAddress:text billingAddress:any shipAddress:text shippingAddress:any taxDetailsOverride:flag taxRegOverride:flag
"""
INVOICE = (
    TRANSACTION
    + SALE
    + """dueDate:date:duedate terms:ref:terms:term approvalStatus:enum startDate:date endDate:date
-amountRemaining:number:foreignamountunpaid -amountRemainingTotalBox:number shipDate:date"""
)
CREDIT = (
    TRANSACTION + SALE + "-applied:number -unapplied:number:foreignamountunpaid -amountRemaining:number autoApply:flag"
)
PAYMENT = (
    TRANSACTION
    + """customer:ref:entity:customer payment:number:foreigntotal account:ref::account undepFunds:enum
arAcct:ref::account autoApply:flag checkNum:text paymentMethod:ref
-applied:number -unapplied:number:foreignamountunpaid"""
)
JOURNAL = TRANSACTION + "approved:flag reversalDate:date reversalDefer:flag accountingBook:ref void:flag"
LINE = """
line:number item:ref:item:item quantity:number:quantity rate:number:rate amount:number:foreignamount
description:text:memo price:ref taxCode:ref:taxcode:salestaxitem taxRate1:number:taxrate tax1Amt:number:taxamount
department:ref:department class:ref:class location:ref:location orderLine:number
revRecStartDate:date revRecEndDate:date subscription:ref uniqueKey:number -grossAmt:number amortizationSched:ref
"""
JOURNAL_LINE = """
line:number account:ref:account:account debit:number credit:number memo:text:memo entity:ref:entity
department:ref:department class:ref:class location:ref:location taxCode:ref:taxcode:salestaxitem
"""
APPLY_LINE = """
doc:ref::transaction apply:flag amount:number line:number applyDate:date -due:number -total:number refNum:text
type:text currency:text createdFrom:ref discAmt:number
"""
CUSTOMER = """
entityId:text:entityid companyName:text:companyname isPerson:flag firstName:text lastName:text email:text:email
phone:text url:text subsidiary:ref:subsidiary:subsidiary currency:ref:currency:currency terms:ref:terms:term
externalId:text:externalid isInactive:flag:isinactive -dateCreated:stamp:datecreated comments:text
-lastModifiedDate:stamp:lastmodifieddate vatRegNumber:text defaultTaxReg:text defaultAddress:text creditLimit:number
category:ref accountNumber:text taxItem:ref::salestaxitem addressBook:any currencyList:any parent:ref customForm:ref
"""
NAMED = "externalId:text:externalid isInactive:flag:isinactive "
PERIOD = """
periodName:text:periodname startDate:date:startdate endDate:date:enddate isPosting:flag:isposting
closed:flag:closed arLocked:flag:arlocked apLocked:flag:aplocked allLocked:flag:alllocked isYear:flag:isyear
isQuarter:flag:isquarter parent:ref
"""
ITEM = """
itemId:text:itemid displayName:text:displayname itemType:enum:itemtype -lastModifiedDate:stamp:lastmodifieddate
incomeAccount:ref::account deferredRevenueAccount:ref::account taxSchedule:ref description:text salesDescription:text
subsidiary:any includeChildren:flag
"""
ACCOUNT = (
    "acctNumber:text:acctnumber acctName:text:fullname acctType:enum:accttype currency:ref::currency subsidiary:any"
)


def _transaction(name: str, code: str, fields: str, lines: str, required: str) -> RecordType:
    """`code` is SuiteQL's type and the prefix of numbers given out, with a colon between."""
    sublists = {"line": _fields(JOURNAL_LINE)} if lines == "line" else {n: _sublist(n) for n in lines.split()}
    type_code, prefix = code.split(":")
    needed = tuple(required.split())
    return RecordType(name, "transaction", _fields(fields), "custbody", type_code, prefix, sublists, needed)


def _sublist(name: str) -> dict[str, Field]:
    return _fields(LINE if name == "item" else APPLY_LINE)


def _entity(name: str, table: str, fields: str, required: str) -> RecordType:
    """The first required field is also the name by which references show the record."""
    needed = tuple(required.split())
    return RecordType(name, table, _fields(fields), "custentity", required=needed, name_field=needed[0])


RECORD_TYPES = {
    kind.name.lower(): kind
    for kind in (
        _transaction("invoice", "CustInvc:INV", INVOICE, "item", "entity"),
        _transaction("creditMemo", "CustCred:CM", CREDIT, "item apply", "entity"),
        _transaction("customerPayment", "CustPymt:PYMT", PAYMENT, "apply", "customer"),
        _transaction("journalEntry", "Journal:JE", JOURNAL, "line", "subsidiary"),
        _entity("customer", "customer", CUSTOMER, "entityId"),
        _entity("serviceSaleItem", "item", NAMED + ITEM, "itemId"),
        _entity("accountingPeriod", "accountingperiod", PERIOD, "periodName startDate endDate"),
        _entity(
            "subsidiary",
            "subsidiary",
            NAMED + "name:text:name currency:ref:currency:currency country:enum:country"
            " email:text:email federalIdNumber:text:federalidnumber",
            "name",
        ),
        _entity(
            "currency", "currency", "name:text:name symbol:text:symbol exchangeRate:number isBaseCurrency:flag", "name"
        ),
        _entity(
            "salesTaxItem", "salestaxitem", NAMED + "itemId:text:itemid rate:number:rate description:text", "itemId"
        ),
        _entity("term", "term", NAMED + "name:text:name daysUntilNetDue:number:daysuntilnetdue", "name"),
        _entity("account", "account", NAMED + ACCOUNT, "acctName acctNumber"),
    )
}
BY_CODE = {kind.type_code: kind for kind in RECORD_TYPES.values() if kind.type_code}
REFERRED = {"transaction": "tranid", "customer": "entityid", "item": "itemid", "accountingperiod": "periodname"} | {
    "salestaxitem": "itemid",
    "account": "fullname",
}


def label_column(table: str) -> str:
    """The column whose text a reference to this table shows as refName."""
    return REFERRED.get(table, "name")


def record_name(table: str, type_code: str | None = None) -> str | None:
    """The record type that rows of this table are served as."""
    if table == "transaction":
        return BY_CODE[type_code].name if type_code in BY_CODE else None
    return next((kind.name for kind in RECORD_TYPES.values() if kind.table == table), None)
