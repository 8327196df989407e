"""One row per batch: how it was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.db.tables import UsageReceipt
from core.kit.ids import new_id

# So many ids are kept of the events that one kind of remark was made about.
_IDS_KEPT = 20


def keep_receipt(session: Session, key_id: UUID | None, source: str, answer: Mapping[str, Any], now: datetime) -> UUID:
    """Keeps how a batch was answered; of many equal remarks only the first ids."""
    remarks = [*answer["refused"], *answer["warnings"]]
    row = UsageReceipt(
        id=new_id(),
        key_id=key_id,
        source=source,
        received_at=now,
        accepted=answer["accepted"],
        duplicates=answer["duplicates"],
        refused=len(answer["refused"]),
        late=sum(1 for remark in answer["warnings"] if remark["code"] == "late"),
        warnings=_shortened(remarks),
    )
    session.add(row)
    return row.id


def _shortened(remarks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    grouped: dict[str, dict[str, Any]] = {}
    for remark in remarks:
        group = grouped.setdefault(
            remark["code"], {"code": remark["code"], "sentence": remark["sentence"], "count": 0, "ids": []}
        )
        group["count"] += 1
        if len(group["ids"]) < _IDS_KEPT:
            group["ids"].append(remark["id"])
    return list(grouped.values())
