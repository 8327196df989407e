"""Tables beside the records, and the list filters with the indexes that make them quick."""

Paths = dict[str, str]

# Per kind: list parameter -> where its value is. The first one that is given drives the query, so the
# most selective stand first.
FILTERS: dict[str, Paths] = {
    "customer": {"email": "$.email", "test_clock": "$.test_clock"},
    "product": {"active": "$.active"},
    "price": {"product": "$.product", "active": "$.active", "currency": "$.currency", "type": "$.type"},
    "coupon": {},
    "tax_rate": {"active": "$.active", "inclusive": "$.inclusive"},
    "tax_id": {"customer": "$.customer"},
    "subscription": {
        "customer": "$.customer",
        "status": "$.status",
        "collection_method": "$.collection_method",
        "test_clock": "$.test_clock",
    },
    "subscription_item": {"subscription": "$.subscription"},
    "invoice": {
        "customer": "$.customer",
        "subscription": "$.parent.subscription_details.subscription",
        "status": "$.status",
        "collection_method": "$.collection_method",
    },
    "invoiceitem": {"invoice": "$.invoice", "customer": "$.customer"},
    "invoice_payment": {
        "invoice": "$.invoice",
        "payment[payment_intent]": "$.payment.payment_intent",
        "payment[payment_record]": "$.payment.payment_record",
        "payment[type]": "$.payment.type",
        "status": "$.status",
    },
    "payment_intent": {"customer": "$.customer"},
    "payment_record": {},
    "charge": {"payment_intent": "$.payment_intent", "customer": "$.customer"},
    "refund": {"charge": "$.charge", "payment_intent": "$.payment_intent"},
    "dispute": {"charge": "$.charge", "payment_intent": "$.payment_intent"},
    "credit_note": {"invoice": "$.invoice", "customer": "$.customer"},
    "payout": {"status": "$.status"},
    "balance_transaction": {"source": "$.source", "type": "$.type", "currency": "$.currency"},
    "event": {"type": "$.type"},
    "webhook_endpoint": {},
    "billing.meter": {"status": "$.status"},
    "test_helpers.test_clock": {},
}
UNINDEXED = {"active", "inclusive", "currency", "collection_method", "payment[type]", "test_clock"}


def _index(kind: str, number: int, path: str) -> str:
    name = kind.replace(".", "_")
    return (
        f"CREATE INDEX IF NOT EXISTS {name}_{number} "
        f"ON record (json_extract(doc, '{path}'), created, id) WHERE kind = '{kind}';\n"
    )


TABLES = """
CREATE TABLE IF NOT EXISTS link (
    kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, name, value, id)
    ) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery (
    number INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, event TEXT NOT NULL,
    first_at REAL NOT NULL, next_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (next_at);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, created INTEGER NOT NULL,
    request TEXT NOT NULL, status INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS idempotency_created ON idempotency (created);
""" + "".join(
    _index(kind, number, path)
    for kind, paths in FILTERS.items()
    for number, (parameter, path) in enumerate(paths.items())
    if parameter not in UNINDEXED
)
