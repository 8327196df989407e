"""What Stripe is called in records."""

SOURCE = "stripe"
