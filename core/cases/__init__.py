"""Exceptions for people to settle."""
