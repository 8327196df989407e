"""Usage: meters, events, windows and corrections."""
