"""Which accounting period a transaction falls into, and whether it may still be written."""

from typing import Any

from sandbox.emulators.netsuite.answers import Refused, user_error
from sandbox.emulators.netsuite.fields import RecordType
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.tables import Row

DATE_REFUSED = "The transaction date you specified is not within the date range of your accounting period."
RECEIVABLE = ("CustInvc", "CustCred", "CustPymt")


def posting_period(store: Store, kind: RecordType, day: str, chosen: Any = None) -> str:
    """The id of the open period of this day (or the chosen one, if the day lies in it); refuses otherwise."""
    where = "startdate <= ? AND enddate >= ? AND isposting IS NOT 'F' AND isyear IS NOT 'T' AND isquarter IS NOT 'T'"
    moment = f"{day} 00:00:00".encode()
    rows = store.rows("accountingperiod", where + " ORDER BY startdate DESC", (moment, moment))
    for row in rows:
        if chosen is None or str(chosen) == row["id"]:
            if is_locked(row, kind):
                break
            return str(row["id"])
    raise _refused()


def is_locked(period: Row, kind: RecordType) -> bool:
    locks = ["closed", "alllocked"] + (["arlocked"] if kind.type_code in RECEIVABLE else [])
    return any(period[lock] == "T" for lock in locks)


def need_open(store: Store, kind: RecordType, row: Row) -> None:
    """Refuses to change a transaction whose period was locked since."""
    period = store.row("accountingperiod", row["postingperiod"]) if row.get("postingperiod") else None
    if period is not None and is_locked(period, kind):
        raise _refused()


def _refused() -> Refused:
    refused = user_error("")
    refused.detail = DATE_REFUSED
    return refused
