"""How this account behaves where the vendor's documents leave it open."""

from dataclasses import dataclass

from sandbox.switches import Switches


@dataclass
class StripeSwitches(Switches):
    """The defaults are what Stripe is believed to do."""

    list_canceled_subscriptions: bool = False  # otherwise only with status=all
    replayed_header: bool = True  # Idempotent-Replayed on replayed answers
    should_retry_on_429: bool = False  # Stripe-Should-Retry: true on 429
    rate_limited_reason: bool = True  # header Stripe-Rate-Limited-Reason on 429
    lock_timeouts: bool = False  # a fault 429 on a write is lock_timeout in place of rate_limit
    thin_events_to_all: bool = True  # endpoints for "*" also get thin v2 events
    hold_writes_ms: int = 0  # a write waits so long before it starts: lets two requests meet on one idempotency key
    meter_delay_ms: int = 200  # meter events are looked at so much later
    webhook_signature: str = "good"  # good | rotated (two v1 parts) | old (10 minutes) | wrong
    webhook_first_retry_ms: int = 500  # doubles with every attempt ...
    webhook_last_retry_ms: int = 30_000  # ... up to this
    webhook_give_up_hours: int = 72
    webhook_timeout_ms: int = 5_000
