"""Disputes of customers and card holders."""
