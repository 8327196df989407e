"""Jobs by name, carried out here and now, without queue and clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from uuid import UUID

from core.intake import store as intake
from core.kit.errors import Refused
from core.posting import store as posting
from core.workflow.tax_questions import open_questions
from jobs.decide_waiting import decide_waiting
from jobs.deliver import deliver
from jobs.determine_tax import determine_tax
from jobs.escalate_overdue import escalate_overdue
from jobs.handle_inbox import handle_waiting
from jobs.plan_schedules import plan_schedules
from jobs.pull import NotRead, Way, check_awake, pull_now
from jobs.pull_all import pull_all
from jobs.run_billing import bill_due, run_unfinished
from jobs.summarise_usage import summarise_usage
from jobs.sweep_stalled import prune, sweep_stalled
from jobs.take_snapshot import take_snapshot
from jobs.watch_drift import watch_drift
from jobs.wiring import House, title_of

_LIMIT = 20_000
_MANY = 100
# The ledger's rate limit is waited for; a pause after a failure is not.
_PATIENCE_SECONDS = 3
_pause = threading.Event()
Run = Callable[[House], int | None]


class UnknownJob(Refused):
    def __init__(self, name: str) -> None:
        super().__init__("job.unknown", f"There is no job “{name}”. There are: {', '.join(sorted(RUNS))}.")


class UnknownSystem(Refused):
    def __init__(self, system: str) -> None:
        super().__init__("system.unknown", f"{title_of(system)} is not connected.")


def once(house: House, name: str) -> int | None:
    """Runs the job called `name`; answers its count. Raises UnknownJob, or in words why an outside system that the job
    needs was not reached: whoever runs a job by hand or in a script is told, where the clock only comes again."""
    if name not in RUNS:
        raise UnknownJob(name)
    return RUNS[name](house)


def _pull(system: str) -> Run:
    def run(house: House) -> int:
        if system not in house.sources:
            raise UnknownSystem(system)
        return pull_now(house.runtime, house.sources[system], house.systems, Way(reading=house.reading(system)))

    return run


def _pull_everything(house: House) -> int:
    count = pull_all(house.runtime, house.sources, house.readings)
    _check_answered(house, house.sources)
    return count


def _deliver(house: House) -> int:
    due = _due(house)
    count = deliver_due(house)
    with house.runtime.reading() as session:
        waiting = posting.waiting_systems(session, due)
    _check_answered(house, waiting)
    return count


def _determine_tax(house: House) -> int:
    count = determine_tax(house.runtime, house.engines)
    _check_answered(house, {each.engine for each in open_questions(house.runtime, _MANY)})
    return count


def _check_answered(house: House, systems: Iterable[str]) -> None:
    """Raises NotRead, all on one line, when some of the systems are paused or did not answer."""
    silent = [why for system in sorted(systems) if (why := _silence(house, system))]
    if silent:
        raise NotRead("connection.silent", " ".join(silent))


def _silence(house: House, system: str) -> str | None:
    try:
        check_awake(house.runtime, system)
    except NotRead as reason:
        return reason.sentence
    with house.runtime.reading() as session:
        health = intake.health(session, system)
    return health.sentence if health.failures else None


def _due(house: House) -> list[UUID]:
    with house.runtime.reading() as session:
        return posting.due_without_job(session, house.runtime.now(), _LIMIT)


def deliver_due(house: House) -> int:
    """Tries every delivery whose time has come, one after the other; answers how many."""
    due = _due(house)
    for delivery_id in due:
        while (again := deliver(house.runtime, house.ledgers, delivery_id)) is not None:
            pause = (again - house.runtime.now()).total_seconds()
            if pause > _PATIENCE_SECONDS:
                break
            _pause.wait(max(0.0, pause))
    return len(due)


RUNS: dict[str, Run] = {
    "pull_salesforce": _pull("salesforce"),
    "pull_stripe": _pull("stripe"),
    "pull_netsuite": _pull("netsuite"),
    "pull_all": _pull_everything,
    "handle_inbox": lambda house: sum([handle_waiting(house.runtime, source) for source in house.sources.values()]),
    "deliver": _deliver,
    "decide_waiting": lambda house: decide_waiting(house.runtime, house.sources.values()),
    "escalate_overdue": lambda house: escalate_overdue(house.runtime),
    "plan_schedules": lambda house: plan_schedules(house.runtime),
    "take_snapshot": lambda house: take_snapshot(house.runtime),
    "summarise_usage": lambda house: summarise_usage(house.runtime),
    "sweep_stalled": lambda house: sweep_stalled(house.runtime, list(house.ledgers)),
    "determine_tax": _determine_tax,
    "bill_due": lambda house: bill_due(house.runtime),
    "run_billing": lambda house: run_unfinished(house.runtime),
    "watch_drift": lambda house: watch_drift(house.runtime),
    "prune": lambda house: prune(house.runtime),
}
