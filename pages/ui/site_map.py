"""All screens: where they stand, who has them in the sidebar, and under which URL name they open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.workflow.actors import Role

PAGES = Path(__file__).parents[1]

EVERYONE = frozenset(Role) - {Role.JOB}
READERS = EVERYONE - {Role.ADMINISTRATOR}
TRAIL = frozenset({Role.CONTROLLER, Role.EXECUTIVE, Role.ADMINISTRATOR})
EXCEPTIONS = frozenset({Role.ANALYST, Role.CONTROLLER})
APPROVALS = frozenset({Role.APPROVER, Role.CONTROLLER})
COLLECTIONS = frozenset({Role.COLLECTOR, Role.CONTROLLER})
OPERATORS = frozenset({Role.ADMINISTRATOR, Role.ANALYST, Role.CONTROLLER})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
LETTERHEADS = frozenset({Role.CONTROLLER, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Screen:
    """`script` is relative to this folder's parent; a hidden screen is reached by links only."""

    name: str
    title: str
    section: str
    script: str
    icon: str
    roles: frozenset[Role]
    is_hidden: bool = False
    is_sandbox_only: bool = False

    @property
    def exists(self) -> bool:
        return (PAGES / self.script).is_file()


SCREENS = (
    Screen("overview", "Overview", "", "overview/overview.py", "space_dashboard", EVERYONE),
    Screen("exceptions", "Exceptions", "Work", "work/exceptions.py", "rule", EXCEPTIONS),
    Screen("approvals", "Approvals", "Work", "work/approvals.py", "approval", APPROVALS),
    Screen("collections", "Collections", "Work", "work/collections.py", "call", COLLECTIONS),
    Screen("billing_runs", "Billing runs", "Work", "work/billing_runs.py", "request_quote", EXCEPTIONS),
    Screen("billing_run", "Billing run", "Work", "work/billing_run.py", "request_quote", EXCEPTIONS, is_hidden=True),
    Screen("drift", "Drift", "Work", "work/drift.py", "difference", EXCEPTIONS),
    Screen("exception", "Exception", "Work", "work/exception.py", "rule", EXCEPTIONS | APPROVALS, is_hidden=True),
    Screen("invoices", "Invoices", "Explore", "explore/invoices.py", "receipt_long", READERS),
    Screen("contracts", "Contracts", "Explore", "explore/contracts.py", "contract", READERS),
    Screen("disputes", "Disputes", "Explore", "explore/disputes.py", "balance", READERS),
    Screen("usage", "Usage", "Explore", "explore/usage.py", "speed", READERS),
    Screen("invoice", "Invoice", "Explore", "explore/invoice.py", "receipt_long", READERS, is_hidden=True),
    Screen("contract", "Contract", "Explore", "explore/contract.py", "contract", READERS, is_hidden=True),
    Screen("customer", "Customer", "Explore", "explore/customer.py", "domain", READERS, is_hidden=True),
    Screen("integrations", "Integrations", "Operate", "operate/integrations.py", "hub", OPERATORS),
    Screen("import", "Import", "Operate", "operate/import_ledger.py", "upload_file", EXCEPTIONS),
    Screen(
        "sandbox",
        "Sandbox faults",
        "Operate",
        "operate/sandbox_faults.py",
        "science",
        ADMINISTRATORS,
        is_sandbox_only=True,
    ),
    Screen("audit", "Audit", "Govern", "govern/audit.py", "history_edu", TRAIL),
    Screen("entities", "Legal entities", "Govern", "govern/entities.py", "corporate_fare", LETTERHEADS),
    Screen("people", "People", "Govern", "govern/people.py", "group", ADMINISTRATORS),
    Screen("api_keys", "API keys", "Govern", "govern/api_keys.py", "key", ADMINISTRATORS),
)

_BY_NAME = {screen.name: screen for screen in SCREENS}


def screen(name: str) -> Screen:
    """The screen of a URL name. Raises KeyError for an unknown one."""
    return _BY_NAME[name]


def screens_for(role: Role, *, has_sandbox: bool) -> tuple[Screen, ...]:
    """What a role may open, in the order of the sidebar."""
    return tuple(
        each for each in SCREENS if role in each.roles and each.exists and (has_sandbox or not each.is_sandbox_only)
    )


def screens_beyond(role: Role, *, has_sandbox: bool) -> tuple[Screen, ...]:
    """What this house has and a role may not open."""
    return tuple(each for each in SCREENS if role not in each.roles and (has_sandbox or not each.is_sandbox_only))
