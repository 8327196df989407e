"""Money, currency, time, identity and refusals: below everything else."""
