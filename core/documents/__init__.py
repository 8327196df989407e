"""The life of an invoice or credit memo."""
