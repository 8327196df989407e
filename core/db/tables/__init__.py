"""All tables of the house, one module per area; importing this package registers them all."""

from core.db.tables.access import LoginAttempt, User, WebSession
from core.db.tables.agreements import Contract, ContractLine
from core.db.tables.cases import Approval, Case
from core.db.tables.cash import Application, Payment
from core.db.tables.collections import ContactLog, Dispute, Promise
from core.db.tables.documents import Document, DocumentLine, Transition
from core.db.tables.governance import AuditEntry, AuditHead, Decision, ExecutedCommand, PolicyVersion
from core.db.tables.intake import Connection, InboxItem, SyncCursor
from core.db.tables.parties import Customer, FxRate, LegalEntity, Link, Product
from core.db.tables.posting import Delivery, DeliveryAttempt, LedgerEntry
from core.db.tables.running import AgeingSnapshot, JobFire, RateLimit
from core.db.types import Table

__all__ = [
    "AgeingSnapshot",
    "Application",
    "Approval",
    "AuditEntry",
    "AuditHead",
    "Case",
    "Connection",
    "ContactLog",
    "Contract",
    "ContractLine",
    "Customer",
    "Decision",
    "Delivery",
    "DeliveryAttempt",
    "Dispute",
    "Document",
    "DocumentLine",
    "ExecutedCommand",
    "FxRate",
    "InboxItem",
    "JobFire",
    "LedgerEntry",
    "LegalEntity",
    "Link",
    "LoginAttempt",
    "Payment",
    "PolicyVersion",
    "Product",
    "Promise",
    "RateLimit",
    "SyncCursor",
    "Table",
    "Transition",
    "User",
    "WebSession",
]
