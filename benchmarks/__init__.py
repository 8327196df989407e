"""Measurements: one module per name, each with its own baseline in the same run."""
