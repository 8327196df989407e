"""What customers used: meters, events that count once, corrections that archive."""
