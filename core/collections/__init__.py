"""Contacts with customers and their promises to pay."""
