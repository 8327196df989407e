"""What each list costs at 30,000 and at 300,000 invoices, and how long whole pages take at 300,000."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from benchmarks.figure import Measured, at_most
from benchmarks.filling import fill
from benchmarks.stage import store
from core.reporting.approval_filters import ApprovalFilters
from core.reporting.approvals import list_approvals
from core.reporting.audit import AuditFilters, list_audit
from core.reporting.case_filters import CaseFilters
from core.reporting.cases import list_cases
from core.reporting.collections import CollectionFilters, work_list
from core.reporting.deliveries import DeliveryFilters, list_deliveries
from core.reporting.disputes import DisputeFilters, list_disputes
from core.reporting.inbox import InboxFilters, list_inbox
from core.reporting.invoices import InvoiceFilters, list_invoices
from core.runtime import Runtime, share_runtime
from core.workflow.sign_in import person_of_email

SMALL, LARGE = 30_000, 300_000
GROWTH, P95_MS = 1.3, 400.0
_CALLS, _WARM, _RENDERS = 51, 3, 20
_FRAME = Path(__file__).resolve().parent.parent / "pages" / "frame.py"
_PAGES = {
    "overview": ("chen", None),
    "exceptions": ("chen", "work/exceptions.py"),
    "approvals": ("chen", "work/approvals.py"),
    "collections": ("cole", "work/collections.py"),
    "invoices": ("vera", "explore/invoices.py"),
    "disputes": ("vera", "explore/disputes.py"),
    "integrations": ("ada", "operate/integrations.py"),
    "audit": ("ada", "govern/audit.py"),
}

Call = Callable[[], object]


def _calls(runtime: Runtime) -> dict[str, Call]:
    reader = person_of_email(runtime, "chen@halden.example")
    if reader is None:
        raise RuntimeError("the demo's people are missing")
    return {
        "invoices_open": lambda: list_invoices(runtime, reader, InvoiceFilters()),
        "invoices_all": lambda: list_invoices(
            runtime, reader, InvoiceFilters(is_open_only=False, sort="issue_date", is_descending=True)
        ),
        "exceptions": lambda: list_cases(runtime, reader, CaseFilters()),
        "approvals": lambda: list_approvals(runtime, reader, ApprovalFilters(is_mine=False)),
        "collections": lambda: work_list(runtime, reader, CollectionFilters()),
        "disputes": lambda: list_disputes(runtime, reader, DisputeFilters()),
        "deliveries": lambda: list_deliveries(runtime, reader, DeliveryFilters()),
        "inbox": lambda: list_inbox(runtime, InboxFilters()),
        "audit": lambda: list_audit(runtime, reader, AuditFilters()),
    }


def _medians_ms(large: Call, small: Call) -> tuple[float, float]:
    """Both are asked in turn, so that both see the same machine."""
    pairs = [(_ms(large), _ms(small)) for _ in range(_CALLS + _WARM)][_WARM:]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def _ms(call: Call) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def run() -> list[Measured]:
    """Two stores side by side: the growth of each list's data call, then the pages on the large one."""
    with store() as small, store() as large:
        fill(small, SMALL)
        fill(large, LARGE)
        few, many = _calls(small), _calls(large)
        grown = [_grown(name, many[name], few[name]) for name in few]
        return grown + _rendered(large)


def _grown(name: str, large: Call, small: Call) -> Measured:
    many, few = _medians_ms(large, small)
    return at_most(f"list_growth_{name}", many, "ms", few, GROWTH)


def _rendered(runtime: Runtime) -> list[Measured]:
    share_runtime(runtime)
    gc.collect()
    gc.freeze()
    try:
        return [_page(name, *place) for name, place in _PAGES.items()]
    finally:
        share_runtime(None)


def _page(name: str, person: str, script: str | None) -> Measured:
    """95th percentile of whole script runs, frame and page, in one process."""
    page = AppTest.from_file(_FRAME, default_timeout=60)
    page.user = {"email": f"{person}@halden.example"}
    page.run()
    if script:
        page.switch_page(script).run()
    if page.exception:
        raise RuntimeError(f"{name}: {page.exception[0].value}")
    times = [_ms(page.run) for _ in range(_RENDERS)]
    p95 = statistics.quantiles(times, n=20)[-1]
    return Measured(f"page_p95_{name}", p95, "ms", f"<= {P95_MS:g}", p95 <= P95_MS)
