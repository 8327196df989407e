"""Furniture that every screen uses; no business rules, no reads of its own."""
