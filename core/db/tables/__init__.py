"""All tables of the house, one module per area; importing this package registers them all."""

from core.db.tables.access import HouseKey, InvoiceLink, LoginAttempt, User, WebSession
from core.db.tables.agreements import (
    Contract,
    ContractChange,
    ContractLine,
    ContractTerms,
    ScheduleItem,
    SchedulePlan,
    Subscription,
)
from core.db.tables.billing import BillingRun, BillingRunPart, DocumentTax, NumberSequence, RevenueSlice
from core.db.tables.cases import Approval, Case
from core.db.tables.cash import Application, Payment
from core.db.tables.collections import ContactLog, Dispute, Promise
from core.db.tables.documents import Document, DocumentLine, Transition
from core.db.tables.governance import AuditEntry, AuditHead, Decision, ExecutedCommand, PolicyVersion
from core.db.tables.intake import Connection, InboxItem, SyncCursor
from core.db.tables.parties import Customer, FxRate, LegalEntity, Link, Product
from core.db.tables.posting import Delivery, DeliveryAttempt, LedgerEntry
from core.db.tables.running import AgeingSnapshot, JobFire, RateLimit
from core.db.tables.sales import Opportunity, Quote
from core.db.tables.usage import ApiKey, Meter, UsageCorrection, UsageDay, UsageEvent, UsageReceipt
from core.db.types import Table

__all__ = [
    "AgeingSnapshot",
    "ApiKey",
    "Application",
    "Approval",
    "AuditEntry",
    "AuditHead",
    "BillingRun",
    "BillingRunPart",
    "Case",
    "Connection",
    "ContactLog",
    "Contract",
    "ContractChange",
    "ContractLine",
    "ContractTerms",
    "Customer",
    "Decision",
    "Delivery",
    "DeliveryAttempt",
    "Dispute",
    "Document",
    "DocumentLine",
    "DocumentTax",
    "ExecutedCommand",
    "FxRate",
    "HouseKey",
    "InboxItem",
    "InvoiceLink",
    "JobFire",
    "LedgerEntry",
    "LegalEntity",
    "Link",
    "LoginAttempt",
    "Meter",
    "NumberSequence",
    "Opportunity",
    "Payment",
    "PolicyVersion",
    "Product",
    "Promise",
    "Quote",
    "RateLimit",
    "RevenueSlice",
    "ScheduleItem",
    "SchedulePlan",
    "Subscription",
    "SyncCursor",
    "Table",
    "Transition",
    "UsageCorrection",
    "UsageDay",
    "UsageEvent",
    "UsageReceipt",
    "User",
    "WebSession",
]
