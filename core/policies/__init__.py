"""Versioned decision tables (JSON Decision Model), evaluated with trace."""
