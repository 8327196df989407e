"""The trail as a file, for those who ask for evidence."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC

from sqlalchemy import select

from core.db.tables import AuditEntry
from core.reporting.audit import AuditFilters, audit_rows, driving, remaining
from core.reporting.masking import masked
from core.reporting.paging import COUNT_CAP, Viewer
from core.runtime import Runtime

# A file holds at most this many entries; the page says so.
EXPORT_CAP = COUNT_CAP
_COLUMNS = ("Entry", "Time (UTC)", "Actor", "Action", "Subject", "Sentence", "Detail")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def export(runtime: Runtime, viewer: Viewer | None, filters: AuditFilters, most: int = EXPORT_CAP) -> bytes:
    """The newest `most` entries of the filter as CSV, newest first; no cell is taken for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    with runtime.reading() as session:
        statement = select(AuditEntry).where(driving(session, filters), remaining(filters, viewer))
        newest = statement.order_by(AuditEntry.at.desc(), AuditEntry.seq.desc()).limit(most)
        entries = session.scalars(newest).all()
        for entry, row in zip(entries, audit_rows(session, entries), strict=True):
            detail = json.dumps(masked(entry.detail), ensure_ascii=False, default=str) if entry.detail else ""
            stamp = f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
            texts = (row.actor, row.command, row.subject or "", row.sentence, detail)
            writer.writerow([row.seq, stamp, *(formula_safe(text) for text in texts)])
    return buffer.getvalue().encode("utf-8-sig")


def formula_safe(text: str) -> str:
    """The text, so that no spreadsheet runs it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
