"""What the ledger holds, whoever has posted it."""

from __future__ import annotations

from collections.abc import Sequence

from core.canonical import LedgerRecord
from core.documents import lookup
from core.posting import store as posting
from core.posting.model import LEDGER
from core.workflow.context import Context
from core.workflow.handlers.recording_voids import tell_claimed


def record_ledger(ctx: Context, records: Sequence[LedgerRecord]) -> None:
    """What turns up in the ledger after it was voided here is told, once."""
    gone = lookup.void_ids_by_key(ctx.session, {record.key for record in records if record.key})
    known = posting.keys_in_ledger(ctx.session, LEDGER, gone) if gone else set()
    posting.save_ledger_entries(ctx.session, records)
    fresh = {key: id for key, id in gone.items() if key not in known}
    if fresh:
        tell_claimed(ctx, fresh)
