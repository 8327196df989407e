"""Payments and their applications."""
