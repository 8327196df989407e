"""Contracts and what they promise."""
