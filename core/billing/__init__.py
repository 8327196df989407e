"""From what was agreed and used to the lines of an invoice. Pure: no store, no clock, no network."""
