"""Deliveries to ledgers, and what ledgers hold."""
